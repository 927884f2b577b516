import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

let lastHost = 0

/**
 * An address of the loopback network that nobody else uses: a port that was closed there is given to nobody, and stays
 * free for the pod that comes back.
 */
export function ownHost(): string {
  lastHost++
  return `127.1.${lastHost >> 8}.${lastHost & 255}`
}

/** Connects to a process that does not accept, until no further connection fits: those that wait are `backlog` + 1. */
export async function fillBacklog(host: string, port: number, backlog: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: backlog + 1 }, async () => {
      const socket = connect({ host, port }).on('error', () => undefined)
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    }),
  )
}

const ESTABLISHED = '01'

/** Whether a connection to this port stands whose other side has not begun to close it. Asks the kernel, at once. */
export function isEstablishedTo(host: string, port: number): boolean {
  const address = Buffer.from(host.split('.').map(Number).reverse()).toString('hex').toUpperCase()
  const remote = `${address}:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .some((line) => {
      const [, , to, state] = line.trim().split(/\s+/)
      return to === remote && state === ESTABLISHED
    })
}
