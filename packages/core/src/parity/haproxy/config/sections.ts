import { configFault, shown } from './config-fault.ts'
import { type LineWords, lineWords } from './words.ts'

/** A line of a section that has words on it. */
export interface ConfigLine extends LineWords {
  /** From 1. */
  readonly number: number
}

/** A section of a config, or what stands before the first one. */
export interface ConfigSection {
  readonly kind: string
  /** Empty if it has none. */
  readonly name: string
  /** The `defaults` section that it names with `from`. */
  readonly from: string | undefined
  readonly number: number
  readonly lines: readonly ConfigLine[]
}

const MAX_TEXT = 2 ** 22
const MAX_LINE = 2 ** 16
/** Lines with words on them: a text of nothing but short ones would take two hundred times its size. */
const MAX_LINES = 2 ** 18

const KINDS = new Set(
  (
    'acme backend cache crt-list crt-store defaults dynamic-update fcgi-app frontend global healthcheck http-errors listen ' +
    'log-forward log-profile mailers namespace_list peers program resolvers ring traces userlist'
  ).split(' '),
)

/** Lines that say what HAProxy prints while it reads. */
const MESSAGES = new Set(['.notice', '.warning', '.alert', '.diag'])

/** The sections of a config text, in their order. */
export function configSections(text: string): ConfigSection[] {
  if (text.length > MAX_TEXT) throw configFault(1, `the text is longer than ${MAX_TEXT} characters`)
  const sections: (ConfigSection & { readonly lines: ConfigLine[] })[] = []
  let lines = 0
  text.split('\n').forEach((raw, index) => {
    const number = index + 1
    if (raw.length > MAX_LINE) throw configFault(number, `the line is longer than ${MAX_LINE} characters`)
    if (raw.includes('\0')) throw configFault(number, 'a NUL character')
    const line: ConfigLine = { number, ...lineWords(raw) }
    const [keyword = ''] = line.words
    if (keyword === '' && line.fault === undefined) return
    if (++lines > MAX_LINES) throw configFault(number, `more than ${MAX_LINES} lines with words on them`)
    if (MESSAGES.has(keyword)) return
    if (keyword.startsWith('.'))
      throw configFault(
        number,
        `what ${shown(keyword)} lets in depends on the machine; write out what it lets in`,
      )
    if (keyword.startsWith('[')) throw configFault(number, 'scopes are not read')
    if (KINDS.has(keyword)) {
      sections.push(sectionAt(line))
      return
    }
    const section = sections.at(-1)
    if (section === undefined) {
      throw configFault(
        number,
        `${shown(keyword)} stands in no section; expected backend or listen before it`,
      )
    }
    section.lines.push(line)
  })
  return sections
}

function sectionAt({ words, fault, number }: ConfigLine): ConfigSection & { readonly lines: ConfigLine[] } {
  const [kind = '', ...rest] = words
  const isProxy = kind === 'backend' || kind === 'listen'
  if (fault !== undefined && (isProxy || kind === 'defaults')) throw configFault(number, fault)
  const fromAt = rest.indexOf('from', isProxy ? 1 : 0)
  const name = fromAt === 0 ? '' : (rest[0] ?? '')
  if (isProxy && name === '') throw configFault(number, `${kind} needs a name`)
  if (fromAt >= 0 && rest[fromAt + 1] === undefined)
    throw configFault(number, 'from needs the name of a defaults section')
  return { kind, name, from: fromAt < 0 ? undefined : rest[fromAt + 1], number, lines: [] }
}
