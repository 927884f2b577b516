import { MAX_RETRIES } from '../limits.ts'
import { HASH_FUNCTIONS, type HaproxyHashFunction } from '../string-hash.ts'
import { configFault, shown } from './config-fault.ts'
import type { SectionState } from './section-state.ts'
import { defaultsOfLine } from './server-lines.ts'
import { wholeNumber } from './server-settings.ts'

/** What a line says, into the state. */
type LineReader = (state: SectionState, words: readonly string[], line: number) => void

const RETRY_CONNECTIONS: ReadonlySet<string> = new Set(['conn-failure', 'all-retryable-errors'])

/** The keywords that the mapping depends on, servers and options apart. */
export const KEYWORD_READERS: ReadonlyMap<string, LineReader> = new Map<string, LineReader>([
  ['balance', (state, words, line) => (state.balance = { value: words.slice(1), line })],
  ['mode', (state, words, line) => (state.mode = { value: words[1] ?? '', line })],
  ['hash-type', readHashType],
  ['default-server', readDefaultServer],
  ['retries', readRetries],
  [
    'retry-on',
    (state, words) => (state.retriesConnections = words.some((word) => RETRY_CONNECTIONS.has(word))),
  ],
  [
    'disabled',
    (state, _words, line) => state.refusals.set('disabled', { value: 'the section is disabled', line }),
  ],
  ['enabled', (state) => state.refusals.delete('disabled')],
  ['hash-balance-factor', movingWithLoad('0')],
  ['hash-preserve-affinity', movingWithLoad('always')],
])

function readDefaultServer(state: SectionState, words: readonly string[], line: number): void {
  state.serverDefaults = defaultsOfLine(words, line, state.serverDefaults)
}

function readHashType(state: SectionState, words: readonly string[], line: number): void {
  const [, type = '', fn, modifier, ...rest] = words
  if (type !== 'map-based' && type !== 'consistent') {
    throw configFault(line, `hash-type: expected map-based or consistent, got ${shown(type)}`)
  }
  if (fn !== undefined && !HASH_FUNCTIONS.includes(fn as HaproxyHashFunction)) {
    throw configFault(line, `hash-type: expected ${HASH_FUNCTIONS.join(', ')}, got ${shown(fn)}`)
  }
  if ((modifier !== undefined && modifier !== 'avalanche') || rest.length > 0) {
    throw configFault(line, 'hash-type: expected avalanche or nothing behind the function')
  }
  const avalanche = fn === undefined ? undefined : modifier !== undefined
  state.hashType = { value: { hashType: type, fn: fn as HaproxyHashFunction | undefined, avalanche }, line }
}

function readRetries(state: SectionState, [, text = '']: readonly string[], line: number): void {
  const retries = wholeNumber(text, 0, MAX_RETRIES)
  if (retries === undefined) {
    throw configFault(line, `retries: expected an integer from 0 to ${MAX_RETRIES}, got ${shown(text)}`)
  }
  state.retries = retries
}

/** A keyword that makes the choice depend on how much the servers have to do, with any value but one. */
function movingWithLoad(still: string): LineReader {
  return (state, words, line) => {
    const [keyword = '', value = ''] = words
    state.refusals.delete(keyword)
    if (value === still) return
    const reason = `${keyword} moves keys by how many requests each server has at the time`
    state.refusals.set(keyword, { value: reason, line })
  }
}
