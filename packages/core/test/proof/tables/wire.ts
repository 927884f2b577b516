import type { Socket } from 'node:net'
import type { Binding, Claim, Move } from '../../../src/table/sticky-table.ts'

/** A call of the table server, as a line of JSON. `overwrite` binds a key whatever stands: for tables that are wrong. */
export interface Call {
  readonly n: number
  readonly op: 'lookup' | 'claim' | 'move' | 'touch' | 'release' | 'overwrite'
  readonly key: string
  readonly from?: Binding
  readonly to?: string
}

/** What it answers. Times are those of the server, which tells its own. */
export interface Answer {
  readonly n: number
  readonly now: number
  readonly value?: Claim | Move | Binding | boolean
}

/** Hands over each line that arrives, parsed. */
export function eachLine<T>(socket: Socket, take: (message: T) => void): void {
  let rest = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() as string
    for (const line of lines) take(JSON.parse(line) as T)
  })
}

export function sendLine(socket: Socket, message: Call | Answer): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`, 'latin1')
}
