// A pod of the example: answers with its name.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [name] = process.argv.slice(2)
const server = createServer((_request, response) => response.end(`${name}\n`))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))
