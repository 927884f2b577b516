import type { HaproxyHashKey } from '../haproxy-options.ts'
import { GUID, HASH_KEYS, MAX_ID, MAX_WEIGHT } from '../server-options.ts'
import { configFault, shown } from './config-fault.ts'
import { SERVER_KEYWORDS } from './server-keywords.ts'

/** What the parameters of a server say, as far as the mapping depends on them. */
export interface ServerSettings {
  readonly id?: number | undefined
  readonly guid?: string
  readonly weight?: number | undefined
  readonly backup?: boolean
  readonly disabled?: boolean
  readonly hashKey?: HaproxyHashKey
  readonly agent?: boolean
  readonly slowstart?: boolean
  readonly resolvers?: boolean
}

type Own = { -readonly [Name in keyof ServerSettings]: ServerSettings[Name] }

const FLAGS: ReadonlyMap<string, (settings: Own) => void> = new Map<string, (settings: Own) => void>([
  ['backup', (settings) => (settings.backup = true)],
  ['no-backup', (settings) => (settings.backup = false)],
  ['disabled', (settings) => (settings.disabled = true)],
  ['enabled', (settings) => (settings.disabled = false)],
  ['agent-check', (settings) => (settings.agent = true)],
  ['no-agent-check', (settings) => (settings.agent = false)],
])

/** Reads a keyword's value into the settings; answers what was expected if that is no such value. */
type Reader = (settings: Own, value: string) => string | undefined

const VALUES: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'id',
    (settings, value) => {
      settings.id = wholeNumber(value, 1, MAX_ID)
      return settings.id === undefined ? `an integer from 1 to ${MAX_ID}` : undefined
    },
  ],
  [
    'weight',
    (settings, value) => {
      settings.weight = wholeNumber(value, 0, MAX_WEIGHT)
      return settings.weight === undefined ? `an integer from 0 to ${MAX_WEIGHT}` : undefined
    },
  ],
  [
    'guid',
    (settings, value) => {
      settings.guid = value
      return GUID.test(value) ? undefined : '1 to 127 letters, digits, "-", "_" and ":"'
    },
  ],
  [
    'hash-key',
    (settings, value) => {
      settings.hashKey = value as HaproxyHashKey
      return HASH_KEYS.includes(settings.hashKey) ? undefined : HASH_KEYS.join(', ')
    },
  ],
  [
    'slowstart',
    (settings, value) => {
      settings.slowstart = !/^0+(?:us|ms|s|m|h|d)?$/.test(value)
      return /^\d{1,12}(?:us|ms|s|m|h|d)?$/.test(value) ? undefined : 'a time'
    },
  ],
  [
    'resolvers',
    (settings) => {
      settings.resolvers = true
      return undefined
    },
  ],
])

/** The settings after the parameters from `words[from]` on; a parameter given twice counts as its last. */
export function serverSettings(
  words: readonly string[],
  from: number,
  line: number,
  defaults: ServerSettings,
): ServerSettings {
  const settings: Own = { ...defaults }
  for (let i = from; i < words.length; ) i = readParameter(words, i, line, settings)
  return settings
}

/** Answers where the next parameter begins. */
function readParameter(words: readonly string[], at: number, line: number, settings: Own): number {
  const keyword = words[at] as string
  const flag = FLAGS.get(keyword)
  if (flag !== undefined) {
    flag(settings)
    return at + 1
  }
  if (keyword === 'source') return behindSource(words, at, line)
  const read = VALUES.get(keyword)
  const following = read === undefined ? SERVER_KEYWORDS.get(keyword) : 1
  if (following === undefined) {
    throw configFault(
      line,
      `unknown parameter ${shown(keyword)}; whether the mapping depends on it is not known`,
    )
  }
  const value = words[at + 1]
  if (following === 1 && value === undefined) throw configFault(line, `${keyword} needs a value`)
  const expected = read?.(settings, value as string)
  if (expected !== undefined) {
    throw configFault(line, `${keyword}: expected ${expected}, got ${shown(value as string)}`)
  }
  return at + 1 + following
}

/** `source <address> [usesrc <address> | interface <name>]`. */
function behindSource(words: readonly string[], at: number, line: number): number {
  if (words[at + 1] === undefined) throw configFault(line, 'source needs an address')
  const next = words[at + 2]
  return next === 'usesrc' || next === 'interface' ? at + 4 : at + 2
}

/** Undefined if the text is no integer in the range. */
export function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}
