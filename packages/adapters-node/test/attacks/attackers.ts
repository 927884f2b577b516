import { connect, type Socket } from 'node:net'

/** What an attacker takes off the wire; the rest stays in the kernel. One that does not read hears of no end either. */
export type Reading = 'all' | 'first' | 'nothing'

/** One connection of an attacker, and what came back on it. */
export class Attacker {
  readonly socket: Socket
  /** Resolves when the connection stands; never rejects: one that is refused is closed. */
  readonly connected: Promise<void>
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>
  /** Resolves when the gateway has ended its side, or the connection is closed. */
  readonly ended: Promise<void>
  /** Resolves with the first bytes that come, or with none when the connection has ended. */
  readonly answered: Promise<string>

  constructor(port: number, reads: Reading = 'all') {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket = socket
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    this.connected = new Promise((resolve) => {
      socket.once('connect', () => resolve())
      void this.closed.then(resolve)
    })
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve())
      void this.closed.then(resolve)
    })
    this.answered = new Promise((resolve) => {
      if (reads !== 'nothing') socket.on('data', (bytes: Buffer) => resolve(bytes.toString('latin1')))
      if (reads === 'first') socket.once('data', () => socket.pause())
      void this.ended.then(() => resolve(''))
    })
    if (reads === 'nothing') socket.pause()
  }

  send(bytes: string): this {
    this.socket.write(bytes, 'latin1')
    return this
  }

  /** Goes away as a process that is killed, without a word. */
  abort(): void {
    this.socket.resetAndDestroy()
  }
}

/** Resolves when the gateway has ended each of these connections; then they are closed. */
export async function ended(attackers: readonly Attacker[]): Promise<void> {
  await Promise.all(attackers.map(({ ended }) => ended))
  for (const attacker of attackers) attacker.abort()
}

/** Connections opened `AT_ONCE` at a time: a backlog of the kernel that overflows would measure the kernel. */
export async function openAttackers(port: number, count: number, reads?: Reading): Promise<Attacker[]> {
  const all: Attacker[] = []
  while (all.length < count) {
    const some = Array.from(
      { length: Math.min(AT_ONCE, count - all.length) },
      () => new Attacker(port, reads),
    )
    await Promise.all(some.map(({ connected }) => connected))
    all.push(...some)
  }
  return all
}

const AT_ONCE = 500

/** The head of a request, `more` being further lines of it. */
export function head(target: string, more: readonly string[] = [], method = 'GET'): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: gateway', ...more].join('\r\n')}\r\n\r\n`
}

/** The lines that ask for an upgrade. */
export const UPGRADE: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
