import type { Routing } from '@limpet/core'
import type { OpenExchanges } from './open-exchanges.ts'
import type { CheckedForwardOptions } from './options.ts'
import type { RetryPolicy } from './retry/retry-policy.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What every exchange of one `forward()` shares. */
export interface ForwardContext {
  readonly routing: Routing
  readonly upstream: Upstream
  readonly retry: RetryPolicy
  readonly options: CheckedForwardOptions
  readonly open: OpenExchanges
}
