import { withoutOws } from '../key/header-values.ts'
import type { RequestLike } from '../key/request-like.ts'
import { durationOption, functionOption, integerOption, invalidOption, optionsObject } from '../option.ts'
import type { ParityScheme, ParityServer } from './parity-scheme.ts'
import { type ProxyAnswer, ProxyAsker, type ProxyRequest } from './proxy-asker.ts'
import { wireText } from './wire-bytes.ts'

/** Options of {@link compareWithProxy}. @public */
export interface CompareOptions {
  /**
   * Which server answered, as the proxy tells it: its name or its address; undefined if the answer does not say. Default: the value of the
   * response header `x-server`.
   */
  readonly serverOf?: (answer: ProxyAnswer) => string | undefined
  /**
   * The request that carries a key. Default: the key as value of the header that the scheme reads, if that is exactly one and no
   * cookie.
   */
  readonly requestOf?: (key: string) => ProxyRequest
  /** Requests at once, 1 to 256. Default 8. */
  readonly concurrency?: number
  /** The longest wait for one answer, in milliseconds; at least 1. Default 5 000. */
  readonly timeoutMs?: number
  /** Disagreements and failures that are kept, 0 to 10 000. Default 10. */
  readonly maxKept?: number
  /** Told after each key that was dealt with. */
  readonly onProgress?: (progress: Comparison) => void
  /** Ends the comparison; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** A key that the proxy sends elsewhere than the scheme says. @public */
export interface Disagreement {
  /** As latin1 text of its bytes. */
  readonly key: string
  /** The name of the server that the scheme says; undefined = nobody. */
  readonly expected: string | undefined
  /** What the proxy's answer says. */
  readonly actual: string
}

/** What came of a comparison, or has come of it so far. @public */
export interface Comparison {
  /** Keys dealt with: the sum of the four below. */
  readonly done: number
  readonly agreed: number
  readonly disagreed: number
  /** Keys that the proxy would not hash by the scheme; they were not sent. */
  readonly unhashed: number
  /** Keys without an answer that names a server: not sendable in a header, no answer in time, another kind of answer. */
  readonly failed: number
  /** The first ones. */
  readonly disagreements: readonly Disagreement[]
  readonly failures: readonly { readonly key: string; readonly error: unknown }[]
}

const NAMES = [
  'serverOf',
  'requestOf',
  'concurrency',
  'timeoutMs',
  'maxKept',
  'onProgress',
  'signal',
] as const satisfies readonly (keyof CompareOptions)[]

/**
 * Sends keys through a live proxy and compares where they go with what the scheme says: what an operator wants to see before a fleet
 * of gateways joins one of proxies. The proxy has to tell which server it chose, such as nginx by `add_header X-Server $upstream_addr
 * always;` and HAProxy by `http-response set-header X-Server %s`.
 *
 * `keys`: latin1 text of the bytes, or bytes; read one after the other, so that they may be as many as wanted. An agreement about a
 * server that is down for the proxy cannot be expected: the scheme knows its config only.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export async function compareWithProxy(
  url: string | URL,
  scheme: ParityScheme,
  keys: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  options: CompareOptions = {},
): Promise<Comparison> {
  const path = 'compareWithProxy'
  optionsObject(path, options, NAMES)
  const { concurrency = 8, timeoutMs = 5_000, maxKept = 10, signal, onProgress } = options
  integerOption(`${path}.concurrency`, concurrency, 1, 256)
  durationOption(`${path}.timeoutMs`, timeoutMs, 1, 'finite')
  integerOption(`${path}.maxKept`, maxKept, 0, 10_000)
  if (onProgress !== undefined) functionOption(`${path}.onProgress`, onProgress)
  const serverOf = functionOption(`${path}.serverOf`, options.serverOf ?? byServerHeader)
  const requestOf = functionOption(`${path}.requestOf`, options.requestOf ?? requestByHeader(path, scheme))
  const asker = new ProxyAsker(httpUrl(path, url), timeoutMs, concurrency)
  const tally = new Tally(maxKept)

  const compare = async (key: string) => {
    const request = asker.whole(requestOf(key))
    const bytes = scheme.key(asReceived(request))
    if (bytes === undefined) return tally.add('unhashed')
    const expected = scheme.pick(bytes)
    let actual: string | undefined
    try {
      const answer = await asker.ask(request, signal)
      actual = serverOf(answer)
      if (actual === undefined) throw new Error(`the answer ${answer.status} names no server`)
    } catch (error) {
      signal?.throwIfAborted()
      return tally.fail(key, error)
    }
    if (expected && isServer(expected, actual)) return tally.add('agreed')
    tally.disagree({ key, expected: expected?.name, actual })
  }
  try {
    await eachOf(keys, concurrency, signal, async (key) => {
      signal?.throwIfAborted()
      await compare(typeof key === 'string' ? key : wireText(key))
      signal?.throwIfAborted()
      onProgress?.(tally.snapshot())
    })
  } finally {
    asker.close()
  }
  return tally.snapshot()
}

/** Deals with the items of one iterator, some at a time; the first failure ends all, and so does the signal. */
async function eachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  signal: AbortSignal | undefined,
  deal: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let isOver = false
  let stop = () => undefined as unknown
  const worker = async () => {
    while (!isOver) {
      const { done, value } = await iterator.next()
      if (done) return
      await deal(value)
    }
  }
  try {
    signal?.throwIfAborted()
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason)
      signal?.addEventListener('abort', stop, { once: true })
    })
    await Promise.race([Promise.all(Array.from({ length: concurrency }, worker)), stopped])
  } finally {
    isOver = true
    signal?.removeEventListener('abort', stop)
    // Not waited for: keys that never come would not end either.
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

class Tally {
  readonly #maxKept: number
  readonly #counts = { agreed: 0, disagreed: 0, unhashed: 0, failed: 0 }
  readonly #disagreements: Disagreement[] = []
  readonly #failures: { readonly key: string; readonly error: unknown }[] = []

  constructor(maxKept: number) {
    this.#maxKept = maxKept
  }

  add(outcome: 'agreed' | 'disagreed' | 'unhashed' | 'failed'): void {
    this.#counts[outcome]++
  }

  disagree(disagreement: Disagreement): void {
    this.add('disagreed')
    if (this.#disagreements.length < this.#maxKept) this.#disagreements.push(disagreement)
  }

  fail(key: string, error: unknown): void {
    this.add('failed')
    if (this.#failures.length < this.#maxKept) this.#failures.push({ key, error })
  }

  snapshot(): Comparison {
    const { agreed, disagreed, unhashed, failed } = this.#counts
    return {
      done: agreed + disagreed + unhashed + failed,
      ...this.#counts,
      disagreements: [...this.#disagreements],
      failures: [...this.#failures],
    }
  }
}

/** As whoever gets the request reads it: blanks around a value are no part of it. */
function asReceived({ path, rawHeaders }: Required<ProxyRequest>): RequestLike {
  return { headers: {}, rawHeaders: rawHeaders.map(withoutOws), url: path, method: 'GET' }
}

function byServerHeader({ headers }: ProxyAnswer): string | undefined {
  const value = headers['x-server']
  return typeof value === 'string' ? value : value?.[0]
}

function requestByHeader(path: string, { keyHeaders }: ParityScheme): (key: string) => ProxyRequest {
  const [name] = keyHeaders
  if (keyHeaders.length === 1 && name !== undefined && name !== 'cookie')
    return (key) => ({ rawHeaders: [name, key] })
  throw invalidOption(
    `${path}.requestOf`,
    'a function, since the scheme does not read its key from exactly one header',
    undefined,
  )
}

/** nginx names every server that it tried, the one that answered last. */
function isServer({ name, address }: ParityServer, actual: string): boolean {
  const last = actual.slice(actual.lastIndexOf(',') + 1).trim()
  return last === name || last === address || last === address?.replace(/^unix:/, '')
}

function httpUrl(path: string, url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed
  throw invalidOption(`${path}.url`, 'an http: or https: URL', url)
}
