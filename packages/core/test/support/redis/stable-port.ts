import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below where Linux, by default, takes the ports of outgoing connections from. */
const FIRST = 10_000
const SLICES = 64
const SLICE = 340
const start = FIRST + (process.pid % SLICES) * SLICE

let offset = 0

/**
 * A port on loopback that is still free when a server on it is killed and started again. A port that the kernel gives out (port 0)
 * is not: clients that try to reconnect take it for their own end, and now and then are connected to themselves.
 * Processes with neighbouring ids, such as the workers of one test run, have different ports.
 */
export async function stablePort(): Promise<number> {
  for (let tried = 0; tried < SLICE; tried++) {
    const port = start + offset
    offset = (offset + 1) % SLICE
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${start} to ${start + SLICE - 1}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const outcome = once(server, 'listening').then(
    () => true,
    () => false,
  )
  server.listen(port, '127.0.0.1')
  if (!(await outcome)) return false
  server.close()
  await once(server, 'close')
  return true
}
