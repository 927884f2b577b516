import type { RouteOptions } from '@limpet/core'

/**
 * The signal of a request whose client may go away, made when somebody asks for it: most routes are answered at once,
 * and an AbortController for each request costs more than its route.
 */
export class RequestAbort implements RouteOptions {
  #controller: AbortController | undefined
  #isAborted = false

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.#isAborted = true
    this.#controller?.abort()
  }
}
