import type { DownstreamRequest } from '@limpet/adapters-node'
import type { ExpressRequest } from './express-types.ts'

/**
 * Whether the app's `trust proxy` setting trusts the peer of this request. Express compiles the setting to a function of
 * address and hop. An upgrade has no app, so nobody is trusted there.
 */
export function isTrustedByApp(request: DownstreamRequest): boolean {
  const { app } = request as DownstreamRequest & Partial<Pick<ExpressRequest, 'app'>>
  const trusts = app?.get('trust proxy fn')
  return typeof trusts === 'function' && trusts(request.socket.remoteAddress, 0) === true
}
