import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { systemClock } from '../../../src/clock.ts'
import { memoryTable } from '../../../src/table/memory.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { type Answer, type Call, eachLine, sendLine } from './wire.ts'

// A table in memory that processes share over TCP; run as a process of its own, with its port and timeouts as arguments.

const [port, idleTimeoutMs, absoluteTimeoutMs] = process.argv.slice(2).map(Number) as [number, number, number]
/** Read for each call: a turn of a process that is not scheduled meanwhile may be long. */
const now = () => performance.timeOrigin + performance.now()
const table = memoryTable({ idleTimeoutMs, absoluteTimeoutMs, clock: { ...systemClock, now } })
/** A server that has forgotten everything counts versions from the start: they are not those of before. */
const run = randomUUID().slice(0, 8)

createServer((socket) => {
  socket.setNoDelay().on('error', () => socket.destroy())
  eachLine<Call>(socket, (call) => {
    const value = outward(act(call))
    sendLine(socket, {
      n: call.n,
      now: now(),
      ...(value !== undefined && { value }),
    })
  })
}).listen(port, '127.0.0.1', () => process.send?.('ready'))
process.on('disconnect', () => process.exit())

function act({ op, key, from, to = '' }: Call): unknown {
  const inward = from && { ...from, version: ownVersion(from.version) }
  switch (op) {
    case 'lookup':
      return table.lookup(key)
    case 'claim':
      return table.claim(key, to)
    case 'move':
      return table.move(key, inward as Binding, to)
    case 'touch':
      return table.touch(key, inward as Binding)
    case 'release':
      return table.release(key, inward)
    case 'overwrite':
      table.release(key)
      return table.claim(key, to)
  }
}

function ownVersion(version: string | number): number {
  const [of, number] = String(version).split('.')
  return of === run ? Number(number) : -1
}

function outward(value: unknown): Answer['value'] {
  if (typeof value !== 'object' || value === null) return value as boolean | undefined
  if ('binding' in value) return { ...value, binding: outward(value.binding) } as Answer['value']
  const binding = value as Binding
  return { ...binding, version: `${run}.${binding.version}` }
}
