import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { answer } from '../part.ts'
import { memory } from './memory.ts'

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Serves a proxy of upgrades for `held-upgrades.ts`: `make` gets the pod's URL and answers what handles an upgrade. */
export function holding(make: (pod: string) => Upgrade): void {
  holdingServer((podPort) => {
    const server = createServer((_, response) => response.writeHead(404).end())
    return server.on('upgrade', make(`http://127.0.0.1:${podPort}`))
  })
}

/** The same for any server. */
export function holdingServer(make: (podPort: number) => Server): void {
  answer({
    memory,
    listen(podPort: number) {
      const server = make(podPort)
      return new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', 1_024, () => resolve((server.address() as AddressInfo).port))
      })
    },
  })
}
