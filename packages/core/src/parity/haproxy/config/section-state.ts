import type { HaproxyHashOptions } from '../haproxy-options.ts'
import type { ServerSettings } from './server-settings.ts'

/** Something that a line says. */
export interface Placed<Value> {
  readonly value: Value
  readonly line: number
}

/** What the lines of a section, after those of its defaults, have said of the mapping so far. */
export interface SectionState {
  balance?: Placed<readonly string[]>
  hashType?: Placed<Pick<HaproxyHashOptions, 'hashType' | 'fn' | 'avalanche'>>
  mode?: Placed<string>
  allBackups?: boolean
  retries?: number
  /** Whether a failed connection is tried again at all, see `retry-on`. */
  retriesConnections?: boolean
  redispatch?: Placed<number>
  serverDefaults: ServerSettings
  /** Why there is no mapping, by what is the reason; a later line may take it back. */
  readonly refusals: Map<string, Placed<string>>
  /** What changes headers before they are hashed, see `headerChange`. */
  readonly changes: Placed<string>[]
}

export function sectionState(): SectionState {
  return { serverDefaults: {}, refusals: new Map(), changes: [] }
}
