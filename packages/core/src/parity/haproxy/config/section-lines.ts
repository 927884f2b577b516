import type { HaproxyServerInit } from '../haproxy-options.ts'
import { MAX_SERVERS } from '../limits.ts'
import { configFault, shown } from './config-fault.ts'
import { headerChange } from './header-changes.ts'
import { IGNORED_KEYWORDS } from './ignored-keywords.ts'
import { KEYWORD_READERS } from './keyword-readers.ts'
import { readOption } from './option-line.ts'
import type { HaproxyParseOptions } from './parse-options.ts'
import type { SectionState } from './section-state.ts'
import type { ConfigSection } from './sections.ts'
import { serverOfLine, serversOfTemplate } from './server-lines.ts'

/** What sends requests elsewhere than to the server of the hash. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['use-server', 'use-server chooses servers by rules'],
  ['cookie', 'cookie keeps clients at the server that their cookie names'],
  ['appsession', 'appsession keeps clients at a server'],
  ['stick', 'stick keeps clients at the server that its table remembers'],
  ['persist', 'persist keeps clients at the server that their cookie names'],
  ['force-persist', 'force-persist takes redispatches from some requests'],
  ['dispatch', 'dispatch sends everything to one address'],
  ['transparent', 'transparent sends requests to where the client wanted them'],
  ['use_backend', 'use_backend sends requests to other backends'],
  ['default_backend', 'default_backend sends requests to another backend'],
])

/** Reads a section's lines into the state; answers its servers. */
export function readSection(
  section: ConfigSection,
  state: SectionState,
  hostNames: HaproxyParseOptions['hostNames'],
): HaproxyServerInit[] {
  const servers: HaproxyServerInit[] = []
  const lineOf = new Map<string, number>()
  for (const { words, fault, number } of section.lines) {
    if (fault !== undefined) throw configFault(number, fault)
    for (const server of serversOf(section, state, words, number, hostNames)) {
      refuseTwice(lineOf, `name ${server.name}`, number)
      if (server.id !== undefined) refuseTwice(lineOf, `id ${server.id}`, number)
      if (server.guid !== undefined) refuseTwice(lineOf, `guid ${server.guid}`, number)
      if (servers.push(server) > MAX_SERVERS) throw configFault(number, `more than ${MAX_SERVERS} servers`)
    }
  }
  return servers
}

function serversOf(
  { kind }: ConfigSection,
  state: SectionState,
  words: readonly string[],
  line: number,
  hostNames: HaproxyParseOptions['hostNames'],
): readonly HaproxyServerInit[] {
  const isHere = kind !== 'defaults'
  if (isHere && words[0] === 'server') return [serverOfLine(words, line, state.serverDefaults, hostNames)]
  if (isHere && words[0] === 'server-template') return serversOfTemplate(words, line, state.serverDefaults)
  readLine(state, words, line)
  return []
}

function refuseTwice(lineOf: Map<string, number>, what: string, line: number): void {
  const before = lineOf.get(what)
  if (before !== undefined) throw configFault(line, `the ${what} was given on line ${before} already`)
  lineOf.set(what, line)
}

function readLine(state: SectionState, given: readonly string[], line: number): void {
  const isBare = given[0] !== 'no' && given[0] !== 'default'
  const words = isBare ? given : given.slice(1)
  const [keyword = ''] = words
  if (!isBare && keyword !== 'option' && keyword !== 'log') {
    throw configFault(line, `${given[0]} goes with option and log only`)
  }
  const elsewhere = ELSEWHERE.get(keyword)
  const read = KEYWORD_READERS.get(keyword)
  const change = headerChange(words)
  if (keyword === 'option') readOption(state, words, line, isBare)
  else if (read !== undefined) read(state, words, line)
  else if (elsewhere !== undefined) state.refusals.set(keyword, { value: elsewhere, line })
  else if (change !== undefined) state.changes.push({ value: change, line })
  else if (!IGNORED_KEYWORDS.has(keyword)) {
    throw configFault(
      line,
      `unknown keyword ${shown(keyword)}; whether the mapping depends on it is not known`,
    )
  }
}
