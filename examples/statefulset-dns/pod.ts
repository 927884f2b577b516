// A pod of the StatefulSet: answers with its name and its address.
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const { POD_NAME: name = hostname(), HOST: host, PORT: port = '8080' } = process.env

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  const { localAddress: address } = request.socket
  response.end(`${JSON.stringify({ pod: name, address, path: request.url })}\n`)
})
server.listen(Number(port), host, () => process.send?.({ port: (server.address() as { port: number }).port }))

process.once('SIGTERM', () => server.close())
process.once('disconnect', () => process.exit(0))
// Ctrl-C reaches every process of a terminal; the one that has started the pods ends them.
if (process.send) process.on('SIGINT', () => undefined)
