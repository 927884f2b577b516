import { connect, createServer } from 'node:net'
import { holdingServer } from './holding.ts'

// What two sockets and their pipes cost without any HTTP.

holdingServer((podPort) =>
  createServer({ noDelay: true }, (client) => {
    const pod = connect({ port: podPort, host: '127.0.0.1', noDelay: true })
    client.on('error', () => pod.destroy())
    pod.on('error', () => client.destroy())
    client.pipe(pod)
    pod.pipe(client)
  }),
)
