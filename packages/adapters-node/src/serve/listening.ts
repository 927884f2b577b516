import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

/** Where a server listens. @public */
export interface ListeningAddress {
  /** The address, as the system names it: `::` for every one. */
  readonly address: string
  /** The port, also where 0 was asked for. */
  readonly port: number
  /** How this machine reaches it: `http://127.0.0.1:8080`, with `localhost` where every address is listened on. */
  readonly url: string
}

/** Listens; rejects with an error that names the option, with the `code` of the system (`EADDRINUSE` …). */
export async function listen(
  server: Server,
  option: string,
  scheme: 'http' | 'https',
  port: number,
  host: string | undefined,
): Promise<ListeningAddress> {
  server.listen({ port, ...(host !== undefined && { host }) })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw listenError(option, port, host, cause as NodeJS.ErrnoException)
  }
  const { address, port: taken } = server.address() as AddressInfo
  const name = address === '::' || address === '0.0.0.0' ? 'localhost' : address
  const shown = name.includes(':') ? `[${name}]` : name
  return { address, port: taken, url: `${scheme}://${shown}:${taken}` }
}

function listenError(
  option: string,
  port: number,
  host: string | undefined,
  cause: NodeJS.ErrnoException,
): Error {
  const { code } = cause
  const reason =
    code === 'EADDRINUSE'
      ? 'the port is taken'
      : code === 'EACCES'
        ? 'this process may not listen on it'
        : cause.message
  const where = host === undefined ? `port ${port}` : `port ${port} of ${host}`
  return Object.assign(new Error(`cannot listen on ${where} (option "${option}"): ${reason}`, { cause }), {
    code,
  })
}
