import type { EndpointInit } from '../endpoint/endpoint.ts'
import { type EndpointSet, endpointSet, isSameSet } from '../endpoint/endpoint-set.ts'
import type { Discovery } from './discovery.ts'

/** Endpoints that the program itself knows. @public */
export interface StaticDiscovery extends Discovery {
  /**
   * Replaces the whole list; every watch gets the new snapshot within this call. An equal list changes nothing.
   *
   * @throws StickyError `invalid-endpoint`, `duplicate-identity`; the old list then stays
   */
  replace(endpoints: readonly (string | URL | EndpointInit)[]): void
}

/**
 * A discovery of a list of URLs (`http://host:port`; identity = `host:port`) and endpoint objects. Snapshots are given
 * within the calls of `watch` and `replace`, so a pool on it never waits.
 *
 * @throws StickyError `invalid-endpoint`, `duplicate-identity`
 * @public
 */
export function staticDiscovery(endpoints: readonly (string | URL | EndpointInit)[]): StaticDiscovery {
  let current = endpointSet(endpoints)
  const listeners = new Set<(set: EndpointSet) => void>()
  return {
    watch(listener, signal) {
      if (signal.aborted) return Promise.resolve()
      // A wrapper of its own for each watch, so that one listener can watch twice.
      const watch = (set: EndpointSet) => listener(set)
      listeners.add(watch)
      const ended = new Promise<void>((resolve) => {
        const end = () => {
          listeners.delete(watch)
          resolve()
        }
        signal.addEventListener('abort', end, { once: true })
      })
      watch(current)
      return ended
    },
    replace(next) {
      const set = endpointSet(next, current)
      if (isSameSet(set, current)) return
      current = set
      for (const listener of listeners) listener(set)
    },
  }
}
