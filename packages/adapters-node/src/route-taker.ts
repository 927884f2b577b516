import type { MaybePromise, Route } from '@limpet/core'

/** What goes the way that the routing says. */
export interface RouteTaker {
  /** A route is there. */
  take(route: Route): void
  /** The routing or an option function threw, which its contract forbids: the request fails, the process goes on. */
  breach(cause: unknown): void
}

/** Hands a route over: at once where it is there at once. */
export function followRoute(taker: RouteTaker, route: MaybePromise<Route>): void {
  if (route instanceof Promise) {
    route.then(
      (settled) => taker.take(settled),
      (error: unknown) => taker.breach(error),
    )
  } else taker.take(route)
}
