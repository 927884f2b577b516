import type { HaproxyServer } from './haproxy-options.ts'
import type { KeyCut } from './key-cut.ts'
import type { KeyHash } from './string-hash.ts'

/** What does not change about a backend while its servers go down and come back. */
export interface Backend {
  readonly hashType: 'map-based' | 'consistent'
  readonly servers: readonly HaproxyServer[]
  /** For each server, the number from which its nodes are counted. */
  readonly bases: Uint32Array
  readonly hash: KeyHash
  readonly cut: KeyCut
  readonly allBackups: boolean
  readonly retries: number
  /** 0: no redispatch. */
  readonly redispatch: number
}
