import { connect, type Socket } from 'node:net'
import type { Clock } from '../../../src/clock.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { type Answer, type Call, eachLine, sendLine } from './wire.ts'

const RECONNECT_MS = 20

/** A connection to a table server that is made again when it breaks. Calls without a connection fail at once. */
export class TableClient {
  readonly #port: number
  readonly #clock: Clock
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #socket: Socket | undefined
  #isOpen = false
  #isClosed = false
  #last = 0

  private constructor(port: number, clock: Clock) {
    this.#port = port
    this.#clock = clock
  }

  static async open(port: number, clock: Clock): Promise<TableClient> {
    const client = new TableClient(port, clock)
    await new Promise<void>((resolve) => client.#connect(resolve))
    return client
  }

  call<T>(op: Call['op'], key: string, more: Pick<Call, 'from' | 'to'> = {}): Promise<T> {
    const n = ++this.#last
    return new Promise<T>((resolve, reject) => {
      if (!this.#socket || !this.#isOpen) return reject(new Error('not connected'))
      this.#waiting.set(n, { resolve: resolve as (value: unknown) => void, reject })
      sendLine(this.#socket, { n, op, key, ...more })
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#socket?.destroy()
  }

  #connect(connected: () => void = () => undefined): void {
    if (this.#isClosed) return
    const socket = connect(this.#port, '127.0.0.1', () => {
      this.#isOpen = true
      connected()
    })
    this.#socket = socket
    socket.setNoDelay().on('error', () => undefined)
    socket.on('close', () => {
      this.#isOpen = false
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection broke'))
      this.#waiting.clear()
      setTimeout(() => this.#connect(connected), RECONNECT_MS)
    })
    eachLine<Answer>(socket, ({ n, now, value }) => {
      this.#waiting.get(n)?.resolve(here(value, now - this.#clock.now()))
      this.#waiting.delete(n)
    })
  }
}

/** An answer with its times in the clock of this process, to which the server's is ahead by `offset`. */
function here(value: Answer['value'], offset: number): unknown {
  if (typeof value !== 'object') return value
  if ('binding' in value) return { ...value, binding: here(value.binding, offset) }
  const { createdAt, movedAt, expiresAt, ...rest } = value as Binding
  return {
    ...rest,
    createdAt: createdAt - offset,
    expiresAt: (expiresAt ?? Number.POSITIVE_INFINITY) - offset,
    ...(movedAt !== undefined && { movedAt: movedAt - offset }),
  }
}
