import type { MaybePromise, Route, Routing } from '@limpet/core'

/** A routing that remembers what it answered, and knows which leases an adapter has not ended. */
export interface WatchedRouting extends Routing {
  /** The kind of every route given, those of `next` among them, in order. */
  readonly kinds: readonly Route['kind'][]
  /** Leases on an endpoint for which `done` was not called. */
  readonly openLeases: number
  /** Resolves when no lease is open. */
  idle(): Promise<void>
}

interface WatchedLease {
  state: 'open' | 'closed'
}

/** Puts a watch in front of a routing; every call goes through as it is. */
export function watchRouting(routing: Routing): WatchedRouting {
  const kinds: Route['kind'][] = []
  const open = new Set<WatchedLease>()
  let waiting: (() => void)[] = []

  const end = (lease: WatchedLease) => {
    lease.state = 'closed'
    open.delete(lease)
    if (open.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  const watch = (route: Route, lease: WatchedLease): Route => {
    kinds.push(route.kind)
    // A refused route holds nothing, so an adapter need not end it.
    if (route.kind === 'refused') end(lease)
    else if (lease.state === 'open') open.add(lease)
    return new Proxy(route, {
      get(target, name) {
        if (name === 'next') return (error: unknown) => follow(target.next(error), lease)
        if (name === 'done') {
          return () => {
            end(lease)
            target.done()
          }
        }
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  const follow = (answer: MaybePromise<Route>, lease: WatchedLease): MaybePromise<Route> =>
    'then' in answer ? answer.then((route) => watch(route, lease)) : watch(answer, lease)

  return {
    keyHeaders: routing.keyHeaders ?? [],
    kinds,
    get openLeases() {
      return open.size
    },
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    route: (request, options) => follow(routing.route(request, options), { state: 'open' }),
    close: () => routing.close(),
    [Symbol.asyncDispose]: () => routing.close(),
  }
}
