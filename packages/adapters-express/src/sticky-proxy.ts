import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type CloseOptions, type ForwardOptions, forward } from '@limpet/adapters-node'
import type { Routing, StickyError } from '@limpet/core'
import { choiceOption, invalidOption } from '@limpet/core/adapter-kit'
import type { ExpressRequest, Middleware, NextFunction } from './express-types.ts'
import { isUnder, withoutMountPath } from './mount-path.ts'
import { isTrustedByApp } from './trust-proxy.ts'

/** Options of `stickyProxy()`: those of `forward()`, and where it is mounted. @public */
export interface StickyProxyOptions extends Omit<ForwardOptions, 'path' | 'onError'> {
  /** Which target the pod gets: `stripped` of the mount path, as Express gives it, or the `original`. Default `stripped`. */
  readonly path?: 'stripped' | 'original'
  /**
   * The path that this proxy is mounted at, for upgrades, which Express does not route: `upgrade` then takes only those
   * under it, by whole segments, and leaves the others to other listeners. Default: takes all, and strips nothing.
   */
  readonly mountPath?: string
}

/** A proxy middleware. @public */
export interface StickyProxy extends Middleware, AsyncDisposable {
  /** Listener for the server's `upgrade` event. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** As `close` of `forward()`. */
  close(options?: CloseOptions): Promise<void>
}

/**
 * `forward()` as Express middleware, for Express 4 and 5. X-Forwarded-* of a peer is taken where the app's `trust proxy`
 * trusts it, unless `trustedProxies` is given. A body that was read before (`express.json()` in front) goes to `next` as
 * `StickyError` of code `body-consumed`; every other error is answered as `forward()` does.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function stickyProxy(routing: Routing, options: StickyProxyOptions = {}): StickyProxy {
  const { path = 'stripped', mountPath, ...forwardOptions } = options
  choiceOption('stickyProxy.path', path, ['stripped', 'original'])
  if (mountPath !== undefined && !/^(?:\/[^/?#]+)+$/.test(mountPath)) {
    throw invalidOption(
      'stickyProxy.mountPath',
      'a path such as /chat, without a slash at its end',
      mountPath,
    )
  }
  const nexts = new WeakMap<object, NextFunction>()
  const forwarder = forward(routing, {
    trustedProxies: isTrustedByApp,
    ...forwardOptions,
    path: (request) => targetOf(request as ExpressRequest, path, mountPath),
    onError: (error: StickyError, request) => {
      const next = error.code === 'body-consumed' ? nexts.get(request) : undefined
      next?.(error)
      return next !== undefined
    },
  })
  const middleware: Middleware = (request, response, next) => {
    nexts.set(request, next)
    forwarder.request(request, response)
  }
  return Object.assign(middleware, {
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (mountPath === undefined || isUnder(request.url ?? '/', mountPath))
        forwarder.upgrade(request, socket, head)
    },
    close: (options?: CloseOptions) => forwarder.close(options),
    [Symbol.asyncDispose]: () => forwarder.close(),
  })
}

/** Express takes the mount path off `url` of a request it routed; for an upgrade, which it did not, we do. */
function targetOf(
  request: ExpressRequest,
  path: 'stripped' | 'original',
  mountPath: string | undefined,
): string {
  const url = request.url ?? '/'
  if (path === 'original') return request.originalUrl ?? url
  const wasRouted = request.originalUrl !== undefined
  return wasRouted || mountPath === undefined ? url : withoutMountPath(url, mountPath)
}
