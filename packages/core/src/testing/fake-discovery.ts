import type { Discovery } from '../discovery/discovery.ts'
import type { EndpointInit } from '../endpoint/endpoint.ts'
import { type EndpointSet, endpointSet } from '../endpoint/endpoint-set.ts'

/** A discovery that knows nothing until the test tells it. @public */
export interface FakeDiscovery extends Discovery {
  /** Gives every watch this snapshot, and makes it the first one of later watches. */
  emit(endpoints: readonly (string | URL | EndpointInit)[]): void
  /** Tells every watch of a failure that this discovery survives. */
  report(error: unknown): void
  /** Makes every watch give up with this error. */
  fail(error: unknown): void
  /** Watches that have not ended. */
  readonly watches: number
}

interface Watch {
  readonly listener: (set: EndpointSet) => void
  readonly failed: ((error: unknown) => void) | undefined
  readonly reject: (error: unknown) => void
}

/** Makes a discovery for tests. @public */
export function fakeDiscovery(): FakeDiscovery {
  const watches = new Set<Watch>()
  let last: EndpointSet | undefined
  return {
    watch(listener, signal, failed) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const watch: Watch = { listener, failed, reject }
        watches.add(watch)
        signal.addEventListener('abort', () => {
          watches.delete(watch)
          resolve()
        })
        if (last) listener(last)
      })
    },
    emit(endpoints) {
      last = endpointSet(endpoints)
      for (const { listener } of watches) listener(last)
    },
    report(error) {
      for (const { failed } of watches) failed?.(error)
    },
    fail(error) {
      for (const watch of watches) watch.reject(error)
      watches.clear()
    },
    get watches() {
      return watches.size
    },
  }
}
