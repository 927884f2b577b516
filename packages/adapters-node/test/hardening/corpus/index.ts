import type { Family, RequestCase } from './case.ts'
import { chunked } from './chunked.ts'
import { claimFamilies } from './claims.ts'
import { connections } from './connections.ts'
import { headerSyntax } from './header-syntax.ts'
import { requestFraming } from './request-framing.ts'
import { targetFamilies } from './targets.ts'

export const requestFamilies: readonly Family<RequestCase>[] = [
  ...requestFraming,
  ...chunked,
  ...headerSyntax,
  ...targetFamilies,
  ...connections,
  ...claimFamilies,
]
