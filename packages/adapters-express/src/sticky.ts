import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerRefused } from '@limpet/adapters-node'
import type { Route, Routing } from '@limpet/core'
import { choiceOption, contractOption, optionsObject } from '@limpet/core/adapter-kit'
import type { ExpressRequest, Middleware, NextFunction } from './express-types.ts'

/** Options of `sticky()`. @public */
export interface StickyMiddlewareOptions {
  /** Whether a refused route is answered here, as `forward()` answers it, or left to the next handler. Default `answer`. */
  readonly onRefused?: 'answer' | 'next'
}

/**
 * A middleware that only decides: it puts the route on `req.sticky` and calls `next`. The route is settled with the
 * status when the response's head has gone out, and its lease ends when the response closes; a client that goes away
 * while the route is awaited ends the wait.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function sticky(routing: Routing, options: StickyMiddlewareOptions = {}): Middleware {
  contractOption('sticky.routing', routing, 'Routing such as createSticky() makes', ['route'])
  optionsObject('sticky', options, ['onRefused'])
  const { onRefused = 'answer' } = options
  choiceOption('sticky.onRefused', onRefused, ['answer', 'next'])
  return (request, response, next) => {
    const decision = new Decision(request, response, next, onRefused)
    try {
      const route = routing.route(request, decision)
      if (route instanceof Promise) route.then((settled) => decision.take(settled), next)
      else decision.take(route)
    } catch (error) {
      next(error)
    }
  }
}

/** One request's wait for its route, and its lease. */
class Decision {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #next: NextFunction
  readonly #onRefused: 'answer' | 'next'
  #controller: AbortController | undefined
  #route: Route | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    next: NextFunction,
    onRefused: 'answer' | 'next',
  ) {
    this.#request = request
    this.#response = response
    this.#next = next
    this.#onRefused = onRefused
    response.once('close', () => this.#end())
  }

  /** Made when the routing asks for it: most routes are answered at once. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  take(route: Route): void {
    if (this.#response.closed) return route.done()
    this.#route = route
    if (route.kind === 'refused' && this.#onRefused === 'answer') {
      answerRefused(this.#request, this.#response, route)
      return
    }
    ;(this.#request as ExpressRequest).sticky = route
    this.#next()
  }

  #end(): void {
    this.#controller?.abort()
    if (this.#response.headersSent) void this.#route?.settle({ status: this.#response.statusCode })
    this.#route?.done()
  }
}
