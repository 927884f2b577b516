// A pod behind the gateway: answers with its name and its address.
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const { POD_NAME: name = hostname(), HOST: host, PORT: port = '8080' } = process.env

const server = createServer((request, response) => {
  if (request.url === '/healthz') return void response.end('ok\n')
  response.setHeader('content-type', 'application/json')
  const { localAddress: address } = request.socket
  response.end(`${JSON.stringify({ pod: name, address, path: request.url })}\n`)
})
server.listen(Number(port), host, () => {
  const { port } = server.address() as { port: number }
  console.log(`${name} listens on port ${port}`)
})

// Comes when the preStop hook has ended: until then the pod serves, and is ready, so that it keeps its keys.
process.once('SIGTERM', () => server.close())
