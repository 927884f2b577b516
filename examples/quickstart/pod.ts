// A pod of the demo: a process of its own that answers with its name.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const name = process.argv[2] ?? 'pod'

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(`${JSON.stringify({ pod: name, method: request.method, path: request.url })}\n`)
  })
})

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
// The channel closes with the gateway, however that ended: no pod outlives it.
process.on('disconnect', () => process.exit())
// Ctrl-C reaches every process of the terminal; the gateway ends its pods itself, after its last request.
process.on('SIGINT', () => undefined)
