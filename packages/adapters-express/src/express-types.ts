import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Route } from '@limpet/core'

/** What these middlewares use of an Express request, of version 4 and 5 alike. @public */
export interface ExpressRequest extends IncomingMessage {
  /** The request target before mounting took anything off `url`. */
  originalUrl: string
  readonly ip?: string | undefined
  readonly app: { get(setting: string): unknown }
  /** Set by `sticky()`. */
  sticky?: Route
}

/** @public */
export type NextFunction = (error?: unknown) => void

/** A middleware that `app.use` of Express 4 and 5 takes. @public */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: NextFunction) => void

declare global {
  namespace Express {
    interface Request {
      /** The route that `sticky()` decided. */
      sticky?: Route
    }
  }
}
