import { ask, type Kind, type Seen } from './client.ts'
import type { Fault } from './fault.ts'
import { type Gateway, SHORT_MS, startGateway } from './gateway.ts'
import { untilInOneGo } from './in-one-go.ts'
import { fillBacklog, isEstablishedTo, ownHost } from './loopback.ts'
import type { Outcome } from './outcome.ts'
import { type Counts, type PodPort, PodProcess } from './pod-process.ts'
import { SERVE, SERVE_ONCE } from './steps.ts'

/** The longest that anything may take, on a machine with much else to do; less than every limit that no fault is for. */
const AT_ONCE_MS = 30_000
const SMALL_BACKLOG = 1
const MOST_TRIES = 3

/** What one request with one fault came to, and what was sent to the pods on the way. */
export interface Measured {
  readonly outcome: Outcome
  /** Bytes of bodies that reached the pod with the fault and the next one; undefined for a process that is gone. */
  readonly bodyBytes: readonly [faulty: number | undefined, next: number]
}

/** The processes that faults share which leave their process alone. */
export interface SharedPods {
  readonly faulty: PodProcess
  readonly next: PodProcess
}

/** Sends one kind of request to a pod with this fault, to which its key is bound. */
export async function measure(fault: Fault, kind: Kind, shared: SharedPods): Promise<Measured> {
  for (let tries = 1; ; tries++) {
    const measured = await measureOnce(fault, kind, shared)
    if (measured === 'too slow' || (isStarved(measured) && tries < MOST_TRIES)) continue
    return measured
  }
}

/**
 * The client of these tests never stalls: this process had no processor until the limit was over, and heard of the time
 * before it heard of the bytes. What is a fault of ours comes again each time.
 */
function isStarved({ outcome }: Measured): boolean {
  return outcome.client === '408 client-stalled'
}

/** `too slow`: a pod without processor ran into the limit with its first request, before its fault. */
async function measureOnce(fault: Fault, kind: Kind, shared: SharedPods): Promise<Measured | 'too slow'> {
  const own = harmsProcess(fault) ? new PodProcess() : undefined
  const closers: (() => unknown)[] = [() => own?.kill()]
  try {
    const isOnKept = kind === 'kept' || fault.isOnKept === true
    const faulty = await (own ?? shared.faulty).listen({
      name: 'faulty',
      host: ownHost(),
      ...(fault.process?.does === 'fill backlog' && { backlog: SMALL_BACKLOG }),
      script: {
        first: isOnKept ? [SERVE_ONCE, ...fault.script] : fault.script,
        later: fault.later ?? fault.script,
      },
    })
    const next = await shared.next.listen({
      name: 'next',
      host: '127.0.0.1',
      script: { first: [SERVE], later: [SERVE] },
    })
    const gateway = await startGateway(fault.isAlone ? [faulty] : [faulty, next], fault.limit)
    if (!isOnKept) gateway.bind()
    else if ((await serveOnce(gateway)) === 'too slow') {
      await gateway.close()
      return 'too slow'
    }
    const before = faulty.heads
    await prepare(fault, faulty, own, gateway, closers)
    const seen = await timed(fault, () => request(fault, kind, faulty, own, gateway))
    const key = gateway.boundTo() === 'faulty' ? 'stays' : 'moves'
    await gateway.close()
    const atNext = await next.count()
    const atFaulty = own ? undefined : await faulty.count()
    const client = clientText(seen, atFaulty)
    return {
      outcome: { client, read: [faulty.heads - before, next.heads], key },
      bodyBytes: [atFaulty?.bodyBytes, atNext.bodyBytes],
    }
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** To close a port harms nobody else. */
function harmsProcess({ process }: Fault): boolean {
  return process !== undefined && process.does !== 'unlisten'
}

/** A first request, which binds the key and leaves a connection that is kept alive. */
async function serveOnce(gateway: Gateway): Promise<'served' | 'too slow'> {
  const text = clientText(await ask('get', gateway.port, () => undefined), undefined)
  if (text === '504 upstream-timeout') return 'too slow'
  if (text !== '200') throw new Error(`the first request failed: ${text}`)
  return 'served'
}

/** Brings about what happens before the request, or in the moment when it is sent. */
async function prepare(
  { closes, process }: Fault,
  faulty: PodPort,
  own: PodProcess | undefined,
  gateway: Gateway,
  closers: (() => unknown)[],
): Promise<void> {
  const { host, port } = faulty
  const onceBeforeSend = (act: () => void) => {
    gateway.beforeSend = () => {
      gateway.beforeSend = () => undefined
      act()
    }
  }
  if (closes) await faulty.waiting()
  if (closes === 'noticed') {
    faulty.go()
    await faulty.hasClosed(1)
  } else if (closes === 'unnoticed') {
    onceBeforeSend(() => {
      faulty.go()
      untilInOneGo(() => !isEstablishedTo(host, port))
    })
  }
  if (process?.does === 'unlisten') return faulty.unlisten()
  if (!process || !own) return
  switch (process.does) {
    case 'fill backlog': {
      own.stop()
      const waiting = await fillBacklog(host, port, SMALL_BACKLOG)
      closers.push(() => {
        for (const socket of waiting) socket.destroy()
      })
      return
    }
    case 'stop':
      if (process.when === 'before') own.stop()
      return
    case 'kill':
      if (process.when === 'before') await own.kill()
      return
    case 'kill unread':
      own.stop()
      return onceBeforeSend(() => setImmediate(() => void own.kill()))
    case 'restart': {
      await own.kill()
      const restarted = new PodProcess()
      closers.push(() => restarted.kill())
      faulty.follow(
        await restarted.listen({
          name: 'faulty',
          host,
          port,
          script: { first: [SERVE], later: [SERVE] },
        }),
      )
    }
  }
}

/** The request itself, and what happens once the script waits. */
async function request(
  { closes, process }: Fault,
  kind: Kind,
  faulty: PodPort,
  own: PodProcess | undefined,
  gateway: Gateway,
): Promise<Seen> {
  const headSeen = Promise.withResolvers<void>()
  if (!closes) {
    void faulty.waiting().then(async (what) => {
      if (what === 'client') await headSeen.promise
      if (process?.does === 'kill') await own?.kill()
      else if (process?.does === 'stop') own?.stop()
      else faulty.go()
    })
  }
  return ask(kind, gateway.port, headSeen.resolve)
}

async function timed(fault: Fault, run: () => Promise<Seen>): Promise<Seen> {
  const start = performance.now()
  const seen = await run()
  const tookMs = performance.now() - start
  // Timers of sockets are coarse, so a little less than the limit is the limit.
  if (fault.limit && tookMs < SHORT_MS * 0.9) throw new Error(`${fault.limit} ended it after ${tookMs} ms`)
  if (tookMs > AT_ONCE_MS) throw new Error(`it took ${tookMs} ms`)
  return seen
}

function clientText(seen: Seen, atFaulty: Counts | undefined): string {
  if (seen.kind === 'nothing') return 'cut without an answer'
  if (seen.kind === 'stream') {
    if (seen.end === 'echoes') return seen.pod === 'next' ? 'next pod' : '101'
    // What the client said after the pod had ended its side, `ping` and `late`, has arrived.
    return atFaulty?.streamBytes === 8 ? '101, half-closed' : '101, then cut'
  }
  const { status, pod, code, isWhole, hasSentAll } = seen
  if (pod === undefined) return `${status} ${code}`
  if (!isWhole) return `${status}, then cut`
  if (!hasSentAll) return `${status}, body refused`
  return pod === 'next' ? 'next pod' : String(status)
}
