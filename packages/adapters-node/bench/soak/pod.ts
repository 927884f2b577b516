import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { acceptUpgrade } from '../../src/testing/websocket-echo.ts'
import { answer } from '../part.ts'

// One pod, in a process of its own so that it can be killed. `/bytes/<n>` answers so many bytes, anything else the length of
// the request's body; upgrades are echoed.

const PIECE = Buffer.alloc(65_536, '.')

async function listen({ name, port }: { readonly name: string; readonly port: number }): Promise<number> {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    response.setHeader('x-pod', name)
    const size = /^\/bytes\/(\d+)$/.exec(request.url ?? '')?.[1]
    let length = 0
    request.on('error', () => undefined)
    request.on('data', (part: Buffer) => {
      length += part.length
    })
    if (size === undefined) {
      request.on('end', () => response.end(String(length)))
      return
    }
    let left = Number(size)
    response.setHeader('content-length', left)
    const send = () => {
      while (left > 0 && !response.destroyed) {
        const part = PIECE.subarray(0, left)
        left -= part.length
        if (!response.write(part)) return response.once('drain', send)
      }
      return response.end()
    }
    send()
  })
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => undefined)
    acceptUpgrade(name, request, stream as Socket, head)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

answer({ listen })
