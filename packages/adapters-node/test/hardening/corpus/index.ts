import type { Family, RequestCase } from './case.ts'
import { chunked } from './chunked.ts'
import { claimFamilies } from './claims.ts'
import { connections } from './connections.ts'
import { headerSyntax } from './header-syntax.ts'
import { requestFraming } from './request-framing.ts'
import type { ResponseCase } from './response-case.ts'
import { responseChunked } from './response-chunked.ts'
import { responseFraming } from './response-framing.ts'
import { responseHeads } from './response-heads.ts'
import { targetFamilies } from './targets.ts'

export const requestFamilies: readonly Family<RequestCase>[] = [
  ...requestFraming,
  ...chunked,
  ...headerSyntax,
  ...targetFamilies,
  ...connections,
  ...claimFamilies,
]

export const responseFamilies: readonly Family<ResponseCase>[] = [
  ...responseFraming,
  ...responseChunked,
  ...responseHeads,
]
