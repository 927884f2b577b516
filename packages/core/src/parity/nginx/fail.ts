import { StickyError } from '../../error.ts'

/** Makes the error for a reason; it names the option, or the line of the config, that is at fault. */
export type Fail = (reason: string) => StickyError

/** Faults of the option at `path`. */
export function optionFail(path: string): Fail {
  return (reason) => new StickyError('invalid-option', `option "${path}": ${reason}`)
}

/** Faults of a line of an nginx config, the first being 1. */
export function lineFail(line: number): Fail {
  return (reason) => new StickyError('proxy-config', `nginx config, line ${line}: ${reason}`)
}

/** A text of a config for a message: quoted, control characters escaped, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
