import { choiceOption, invalidOption, optionsObject } from '../../../option.ts'
import { readBalance } from '../balance.ts'
import type { HaproxyHashOptions } from '../haproxy-options.ts'
import type { KeyCut } from '../key-cut.ts'
import { configFault, shown } from './config-fault.ts'
import { ANY_CHANGE, SOURCE_CHANGE } from './header-changes.ts'
import type { HaproxyParseOptions } from './parse-options.ts'
import { chosenSection, defaultsChain } from './section-choice.ts'
import { readSection } from './section-lines.ts'
import { type Placed, type SectionState, sectionState } from './section-state.ts'
import { type ConfigSection, configSections } from './sections.ts'

const KNOWN = ['backend', 'hostNames', 'idMode'] as const

/** The options that a config text says. Throws a StickyError with the line and the reason. */
export function parseBackend(text: string, given: HaproxyParseOptions = {}): HaproxyHashOptions {
  if (typeof text !== 'string') throw invalidOption('text', 'a string', text)
  const options = optionsObject('options', given, KNOWN)
  const hostNames = choiceOption('options.hostNames', options.hostNames ?? 'refuse', ['refuse', 'single'])
  const idMode = choiceOption('options.idMode', options.idMode ?? 'classic', ['classic', '3.0-regression'])
  if (options.backend !== undefined && typeof options.backend !== 'string') {
    throw invalidOption('options.backend', 'the name of a section', options.backend)
  }
  const sections = configSections(text)
  const section = chosenSection(sections, options.backend)
  const state = sectionState()
  for (const defaults of defaultsChain(sections, section)) readSection(defaults, state, hostNames)
  const servers = readSection(section, state, hostNames)
  if (servers.length === 0)
    throw configFault(section.number, `${section.kind} ${shown(section.name)} has no servers`)
  const { cut, words } = balanceOf(state, section)
  refuseOtherModes(state, cut, sections, section)
  refuseWhatElseDecides(state, cut, section)
  const retries = state.retriesConnections === false ? 0 : (state.retries ?? 3)
  return {
    servers,
    balance: words.join(' '),
    ...state.hashType?.value,
    idMode,
    allBackups: state.allBackups,
    retries,
    redispatch: redispatchOf(state.redispatch, retries),
  }
}

function balanceOf(
  { balance, hashType }: SectionState,
  section: ConfigSection,
): { readonly cut: KeyCut; readonly words: readonly string[] } {
  const name = `${section.kind} ${shown(section.name)}`
  if (balance === undefined) {
    throw configFault(
      section.number,
      `${name} has no balance line: HAProxy takes servers in turn, or at random`,
    )
  }
  const reading = readBalance(balance.value)
  if (reading.kind === 'refused') throw configFault(balance.line, `balance: ${reading.reason}`)
  const { cut } = reading
  if (hashType?.value.fn === 'none' && cut.headers.length === 0 && cut.hash === 'hash-type') {
    throw configFault(
      hashType.line,
      'hash-type: none reads the address as text, of which it takes the first number',
    )
  }
  return { cut, words: balance.value }
}

/**
 * In other modes than http HAProxy balances by no header, but takes servers in turn. Where the text says nothing, it is taken for a part
 * of a config with `mode http` in its defaults, unless it is a whole one.
 */
function refuseOtherModes(
  { mode }: SectionState,
  cut: KeyCut,
  sections: readonly ConfigSection[],
  section: ConfigSection,
): void {
  if (mode !== undefined && mode.value !== 'http' && (mode.value !== 'tcp' || cut.headers.length > 0)) {
    throw configFault(mode.line, `in mode ${shown(mode.value)} HAProxy does not balance by this hash`)
  }
  const isWhole = sections.some(({ kind }) => kind === 'defaults' || kind === 'global')
  if (mode === undefined && isWhole && cut.headers.length > 0) {
    throw configFault(
      section.number,
      'the mode is tcp unless mode http is said, and then HAProxy does not balance by a header',
    )
  }
}

function refuseWhatElseDecides(state: SectionState, cut: KeyCut, section: ConfigSection): void {
  for (const [what, { value, line }] of state.refusals) {
    // A backend inherits it of its defaults without any effect.
    if (what !== 'default_backend' || section.kind === 'listen') throw configFault(line, value)
  }
  for (const { value, line } of state.changes) {
    const isSource = cut.headers.length === 0
    if (isSource ? value === SOURCE_CHANGE : value === ANY_CHANGE || cut.headers.includes(value)) {
      const what = isSource ? "the client's address" : `the header ${cut.headers.join()}`
      throw configFault(
        line,
        `this may change ${what}, so that HAProxy hashes other bytes than the client sent`,
      )
    }
  }
}

function redispatchOf(given: Placed<number> | undefined, retries: number): number {
  const after = given?.value ?? 0
  if (given !== undefined && after < 0 && retries > 0 && retries + 1 + after === 0) {
    throw configFault(
      given.line,
      `option redispatch: with ${retries} retries HAProxy divides by zero at ${after}`,
    )
  }
  return after
}
