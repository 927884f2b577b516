export { clientAddress } from './client-address.ts'
export type { ExpressRequest, Middleware, NextFunction } from './express-types.ts'
export { type StickyMiddlewareOptions, sticky } from './sticky.ts'
export { type StickyProxy, type StickyProxyOptions, stickyProxy } from './sticky-proxy.ts'
