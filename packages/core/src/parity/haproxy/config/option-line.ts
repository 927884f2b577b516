import { MAX_RETRIES } from '../limits.ts'
import { configFault, shown } from './config-fault.ts'
import { headerChange } from './header-changes.ts'
import { IGNORED_OPTIONS } from './ignored-keywords.ts'
import type { SectionState } from './section-state.ts'

const TO_THE_CLIENTS_WISH: ReadonlySet<string> = new Set(['transparent', 'http_proxy', 'dispatch'])

/** Reads an `option` line; `isOn` is false behind `no` and `default`. */
export function readOption(state: SectionState, words: readonly string[], line: number, isOn: boolean): void {
  const [, option = '', value] = words
  const change = headerChange(words)
  if (option === 'redispatch') state.redispatch = { value: isOn ? redispatch(value, line) : 0, line }
  else if (option === 'allbackups') state.allBackups = isOn
  else if (TO_THE_CLIENTS_WISH.has(option)) {
    const what = `option ${option}`
    state.refusals.delete(what)
    if (isOn)
      state.refusals.set(what, { value: `${what} sends requests to where the client wanted them`, line })
  } else if (change !== undefined) {
    if (isOn) state.changes.push({ value: change, line })
  } else if (!IGNORED_OPTIONS.has(option)) {
    throw configFault(line, `unknown option ${shown(option)}; whether the mapping depends on it is not known`)
  }
}

function redispatch(value: string | undefined, line: number): number {
  const after = value === undefined ? -1 : /^-?\d{1,6}$/.test(value) ? Number(value) : Number.NaN
  if (Math.abs(after) <= MAX_RETRIES) return after
  const range = `from -${MAX_RETRIES} to ${MAX_RETRIES}`
  throw configFault(line, `option redispatch: expected an integer ${range}, got ${shown(value as string)}`)
}
