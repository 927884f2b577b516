import { StickyError } from '../../../error.ts'

/** The error for config text that is broken, or has no mapping that could be computed. */
export function configFault(line: number, reason: string): StickyError {
  return new StickyError('proxy-config', `HAProxy config, line ${line}: ${reason}`)
}

/** A word of a config as an error may show it. */
export function shown(word: string): string {
  return JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word)
}
