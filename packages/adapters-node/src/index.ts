export type { CloseOptions } from './close-deadline.ts'
export type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
export {
  type Drainable,
  type DrainWaitHandler,
  type DrainWaitOptions,
  drainWait,
} from './drain-wait.ts'
export { answerRefused } from './error-answer.ts'
export { type Forwarder, forward } from './forward.ts'
export type { HeaderFields } from './headers/header-fields.ts'
export type { HookContext, OutgoingRequestHead, OutgoingResponseHead } from './hooks.ts'
export type { ForwardOptions } from './options.ts'
export type { RetryOptions } from './retry/retry-options.ts'
export type { ServeAdminOptions } from './serve/admin-options.ts'
export type { Gateway, GatewayState } from './serve/gateway.ts'
export type { ServeLimits } from './serve/limits.ts'
export type { ListeningAddress } from './serve/listening.ts'
export { serve } from './serve/serve.ts'
export type { ServeOptions } from './serve/serve-options.ts'
export { type ProxyErrorCode, STATUS_OF_CODE } from './status.ts'
