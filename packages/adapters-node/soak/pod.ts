import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answer } from '../bench/part.ts'
import { acceptUpgrade } from '../src/testing/websocket-echo.ts'

// One pod of the soak: killed and started again on the port that it had.

const SLICE = Buffer.alloc(65_536, '.')

async function listen(port: number): Promise<number> {
  const server = createServer((request, response) => {
    const [, behaves, size = '0'] = (request.url ?? '/').split('/')
    if (behaves !== 'bytes') {
      let length = 0
      request.on('data', (piece: Buffer) => {
        length += piece.length
      })
      request.on('end', () => response.end(String(length)))
      return
    }
    let left = Number(size)
    response.setHeader('content-length', left)
    const send = () => {
      while (left > 0 && !response.destroyed) {
        const part = SLICE.subarray(0, left)
        left -= part.length
        if (!response.write(part)) return response.once('drain', send)
      }
      return response.end()
    }
    send()
  })
  server.on('upgrade', (request, socket, head) => acceptUpgrade('pod', request, socket as Socket, head))
  server.on('connection', (socket) => socket.on('error', () => undefined))
  server.listen({ port, host: '127.0.0.1', backlog: 1_024 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

answer({ listen })
