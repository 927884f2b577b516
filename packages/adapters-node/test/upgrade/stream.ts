import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { StickyOptions } from '@limpet/core'
import type { ForwardOptions } from '../../src/index.ts'
import { type Wire, type WireGateway, wireGateway, wirePod } from '../wire.ts'

/** What a client asks with, and a pod switches with. */
export const ASKS = 'GET /chat HTTP/1.1\r\nHost: shop\r\nX: k\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n'
export const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n'

/** How one end saw its connection end: by the code of an error, or in order. */
export type Fate = 'ECONNRESET' | 'EPIPE' | 'closed'

/** Both ends of an upgraded stream, its head read on both sides. */
export interface Stream {
  readonly client: Wire
  readonly pod: Wire
  readonly gateway: WireGateway
}

export interface StreamOptions {
  readonly forward?: ForwardOptions
  readonly pool?: Omit<Partial<StickyOptions>, 'endpoints'>
}

/** Opens a stream through a gateway of its own. */
export async function openStream({ forward = {}, pool = {} }: StreamOptions = {}): Promise<Stream> {
  const switched = Promise.withResolvers<Wire>()
  const { url } = await wirePod(async (wire) => {
    wire.socket.allowHalfOpen = true
    await wire.take()
    wire.write(SWITCHED)
    switched.resolve(wire)
  })
  const gateway = await wireGateway([url], forward, { pool })
  const client = await upgraded(gateway)
  return { client, pod: await switched.promise, gateway }
}

/** A client that asks for a stream. */
export function asking(gateway: WireGateway, bytes: string = ASKS): Wire {
  const client = gateway.client()
  client.write(bytes)
  return client
}

/** A client whose stream is open. It may go on to write when the pod has ended. */
export async function upgraded(gateway: WireGateway): Promise<Wire> {
  const client = asking(gateway)
  client.socket.allowHalfOpen = true
  const head = await client.take()
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`not upgraded: ${head}`)
  return client
}

/** How this end's connection ends. To be asked for before it can. */
export function fate({ socket }: Wire): Promise<Fate> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code as Fate))
    socket.once('close', () => resolve('closed'))
  })
}

/** Resolves when the other side has ended its direction. */
export async function ended({ socket }: Wire): Promise<void> {
  if (!socket.readableEnded) await once(socket, 'end')
}

/** Resolves when the socket has as many bytes to send as it takes. */
export async function full(socket: Duplex): Promise<void> {
  while (!socket.writableNeedDrain) await turn()
}

/** Some turns of the event loop, in which whatever can happen happens. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
