import { invalidOption } from '../../option.ts'
import { type Emitter, listening } from './client-events.ts'

/** Where a server tells a connection of RESP2 which keys were written. Source: the Redis manual, client-side caching. */
export const INVALIDATE = '__redis__:invalidate'

/** What a connection tells. */
export interface TrackingEvents {
  /** It is connected anew. */
  ready(): void
  lost(): void
  /** Keys were written, by their names; null = any may have been. */
  written(names: readonly string[] | null): void
  message(channel: string, message: string): void
}

/** A connection of its own that is told of writes, as far as the clients differ. */
export interface TrackingConnection {
  /** The protocol by which this client hands on what it is told. */
  readonly protocol: 2 | 3
  send(...command: string[]): Promise<unknown>
  /** The client subscribes again by itself when it connects anew. */
  subscribe(channels: readonly string[]): Promise<unknown>
  /** A connection of RESP2 takes other commands only while it is subscribed to nothing. */
  unsubscribe(channels: readonly string[]): Promise<unknown>
  /** Starts to tell; answers how to stop. */
  listen(events: TrackingEvents): () => void
}

/** ioredis and iovalkey. */
interface CallSubscriber extends Emitter {
  readonly options?: { readonly protocol?: unknown }
  call(command: string, ...args: string[]): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
}

/** node-redis. */
interface SendSubscriber extends Emitter {
  readonly options?: { readonly RESP?: unknown; readonly emitInvalidate?: unknown }
  readonly isPubSubActive: boolean
  sendCommand(command: readonly string[]): Promise<unknown>
  subscribe(
    channels: readonly string[],
    listener: (message: unknown, channel: string) => void,
  ): Promise<unknown>
  unsubscribe(channels: readonly string[]): Promise<unknown>
}

/** @throws StickyError `invalid-option` for a client that cannot hand on what a server tells it of writes */
export function trackingConnection(path: string, subscriber: object): TrackingConnection {
  const { call, isCluster, options } = subscriber as Partial<CallSubscriber> & { isCluster?: unknown }
  if (typeof call === 'function') {
    if (isCluster === true || options?.protocol === 3) {
      throw invalidOption(path, "a client of one server with protocol: 2, for by: 'tracking'", subscriber)
    }
    return byCall(subscriber as CallSubscriber)
  }
  const { sendCommand, isPubSubActive, options: its } = subscriber as Partial<SendSubscriber>
  const hearsPushes = its?.emitInvalidate === true
  if (
    typeof sendCommand !== 'function' ||
    isPubSubActive === undefined ||
    !(hearsPushes || its?.RESP === 2)
  ) {
    const words =
      "a client of one server, of node-redis with emitInvalidate: true or of ioredis with protocol: 2, for by: 'tracking'"
    throw invalidOption(path, words, subscriber)
  }
  return bySendCommand(subscriber as SendSubscriber, hearsPushes ? 3 : 2)
}

function byCall(client: CallSubscriber): TrackingConnection {
  return {
    protocol: 2,
    send: (command, ...args) => client.call(command as string, ...args),
    subscribe: (channels) => client.subscribe(...channels),
    unsubscribe: (channels) => client.unsubscribe(...channels),
    listen: (events) =>
      listening(client, {
        ready: () => events.ready(),
        close: () => events.lost(),
        // As text, the names would be joined by commas.
        messageBuffer: (channel: unknown, message: unknown) => hand(events, String(channel), message),
      }),
  }
}

function bySendCommand(client: SendSubscriber, protocol: 2 | 3): TrackingConnection {
  let told: TrackingEvents | undefined
  const tell = (message: unknown, channel: string) => {
    if (told !== undefined) hand(told, channel, message)
  }
  return {
    protocol,
    send: (...command) => client.sendCommand(command),
    subscribe: (channels) => client.subscribe(channels, tell),
    unsubscribe: async (channels) => {
      if (client.isPubSubActive) await client.unsubscribe(channels)
    },
    listen: (events) => {
      told = events
      return listening(client, {
        ready: () => events.ready(),
        reconnecting: () => events.lost(),
        end: () => events.lost(),
        invalidate: (name: unknown) => events.written(name === null ? null : [String(name)]),
      })
    },
  }
}

function hand(events: TrackingEvents, channel: string, message: unknown): void {
  if (channel !== INVALIDATE) events.message(channel, String(message))
  else events.written(Array.isArray(message) ? message.map(String) : null)
}
