import { configFault, shown } from './config-fault.ts'
import type { ConfigSection } from './sections.ts'

/** More `defaults` sections than this that each build on another are no config that somebody wrote. */
const MAX_CHAIN = 64

/** The `backend` or `listen` section of a name, or the only one. */
export function chosenSection(sections: readonly ConfigSection[], name: string | undefined): ConfigSection {
  const [section, another] = sections.filter(
    (candidate) =>
      (candidate.kind === 'backend' || candidate.kind === 'listen') &&
      (name === undefined || candidate.name === name),
  )
  if (section === undefined) {
    throw configFault(
      1,
      `no backend or listen section${name === undefined ? '' : ` ${shown(name)}`} in the text`,
    )
  }
  if (another !== undefined) {
    const reason = name === undefined ? 'choose one with options.backend' : `of the name ${shown(name)}`
    throw configFault(another.number, `a second backend or listen section; ${reason}`)
  }
  return section
}

/**
 * The `defaults` sections that apply to a section, the one that all others build on in front: the section names one with `from`, or has
 * the last one before it; `defaults` build on others only where they name one.
 */
export function defaultsChain(
  sections: readonly ConfigSection[],
  section: ConfigSection,
): readonly ConfigSection[] {
  const chain: ConfigSection[] = []
  let current = section
  for (;;) {
    const applying = defaultsOf(sections, current)
    if (applying === undefined) return chain.reverse()
    if (chain.push(applying) > MAX_CHAIN)
      throw configFault(applying.number, `more than ${MAX_CHAIN} defaults sections build on each other`)
    current = applying
  }
}

function defaultsOf(sections: readonly ConfigSection[], section: ConfigSection): ConfigSection | undefined {
  const before = sections.slice(0, sections.indexOf(section)).filter(({ kind }) => kind === 'defaults')
  if (section.from === undefined) return section.kind === 'defaults' ? undefined : before.at(-1)
  const [named, another] = before.filter(({ name }) => name === section.from)
  if (named === undefined)
    throw configFault(section.number, `no defaults section ${shown(section.from)} before it`)
  if (another !== undefined)
    throw configFault(another.number, `a second defaults section ${shown(section.from)}`)
  return named
}
