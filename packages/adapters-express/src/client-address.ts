import type { KeyReading, KeySource, RequestLike } from '@limpet/core'
import type { ExpressRequest } from './express-types.ts'

/**
 * The client's address as Express knows it: `req.ip`, which follows the app's `trust proxy` setting.
 *
 * @public
 */
export function clientAddress(): KeySource {
  return {
    name: 'address (req.ip)',
    read(request: RequestLike): KeyReading {
      return (request as unknown as ExpressRequest).ip || undefined
    },
  }
}
