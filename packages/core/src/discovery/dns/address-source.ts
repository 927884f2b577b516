import {
  addressIdentity,
  type EndpointDefaults,
  type EndpointSource,
  type FoundEndpoint,
} from './endpoint-source.ts'
import { plainName } from './name.ts'
import { type AddressType, WatchedAddresses } from './watched-addresses.ts'
import type { RefreshOptions } from './watched-records.ts'

/** What a source of addresses needs besides its name. */
export interface AddressSourceOptions extends RefreshOptions {
  readonly type: AddressType
  readonly port: number
  readonly defaults: EndpointDefaults
}

/** A headless Service: every address of the name is an endpoint, known by its address. */
export function addressSource(name: string, options: AddressSourceOptions): EndpointSource {
  const { type, port, defaults } = options
  const watched = new WatchedAddresses(name, type, options)
  return {
    get isKnown() {
      return watched.isKnown
    },
    endpoints: () =>
      // One that stands by its address is as sure as can be: nothing else could be meant by it.
      watched.addresses.map((host) => ({
        init: { identity: addressIdentity(host, port), host, port, ...defaults },
        isFresh: true,
      })),
    refresh: (signal) => watched.refresh(signal),
  }
}

/** A pod with a name of its own: one endpoint, known by that name, at whatever address it has now. */
export function podSource(name: string, identity: string, options: AddressSourceOptions): EndpointSource {
  const { type, port, defaults } = options
  const watched = new WatchedAddresses(name, type, options)
  return {
    get isKnown() {
      return watched.isKnown
    },
    endpoints(): FoundEndpoint[] {
      const host = watched.address
      return host === undefined
        ? []
        : [{ init: { identity, host, port, ...defaults }, isFresh: watched.isFresh }]
    },
    refresh: (signal) => watched.refresh(signal),
  }
}

/** The identities of pods by their names: the first label, or the whole names where two pods share a first label. */
export function podIdentities(names: readonly string[]): string[] {
  const plain = names.map(plainName)
  const labels = plain.map(firstLabel)
  return new Set(labels).size === labels.length ? labels : plain
}

export function firstLabel(name: string): string {
  return name.split('.', 1)[0] as string
}
