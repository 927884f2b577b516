import { ConfigReader } from './config-reader.ts'
import { lineFail, quoted } from './fail.ts'

/** A directive in an upstream. */
export interface Directive {
  readonly line: number
  readonly words: readonly string[]
}

/** An `upstream NAME { … }`, not yet understood. */
export interface UpstreamBlock {
  readonly name: string
  readonly line: number
  readonly directives: readonly Directive[]
}

const DEEPEST = 32

/**
 * The upstream of this name in the text of a config, at the top or inside of `http`; without a name the only one there is.
 *
 * @throws StickyError `proxy-config`
 */
export function findUpstream(text: string, wanted: string | undefined): UpstreamBlock {
  const reader = new ConfigReader(text)
  const found: UpstreamBlock[] = []
  readBlock(reader, [], found)
  const blocks = wanted === undefined ? found : found.filter(({ name }) => name === wanted)
  const [block, second] = blocks
  if (!block) {
    const what = wanted === undefined ? 'no upstream' : `no upstream ${quoted(wanted)}`
    throw lineFail(reader.line)(`there is ${what} in the text`)
  }
  if (second) {
    const reason =
      second.name === block.name
        ? 'has the same name'
        : 'is a second one; the option "upstream" says which counts'
    throw lineFail(second.line)(`the upstream ${quoted(second.name)} ${reason}`)
  }
  return block
}

/** Reads to the end of a block, or of the text outside of all blocks. */
function readBlock(reader: ConfigReader, path: readonly Directive[], found: UpstreamBlock[]): void {
  for (;;) {
    const step = reader.next()
    const open = path.at(-1)
    if (!step) {
      if (open) throw lineFail(open.line)(`the block ${quoted(open.words.join(' '))} is not closed`)
      return
    }
    if (step.kind === 'end') {
      if (!open) throw lineFail(step.line)('unexpected "}"')
      return
    }
    if (step.kind === 'directive') continue
    const [name = '', ...rest] = step.words
    if (path.length === DEEPEST) throw lineFail(step.line)(`blocks are more than ${DEEPEST} deep`)
    if (name.endsWith('_by_lua_block')) {
      throw lineFail(step.line)(
        `${quoted(name)} has Lua in it, which is not read; give the upstream without it`,
      )
    }
    if (name === 'upstream' && path.every(({ words }) => words[0] === 'http')) {
      found.push(readUpstream(reader, step, rest))
    } else {
      readBlock(reader, [...path, step], found)
    }
  }
}

function readUpstream(reader: ConfigReader, { line }: Directive, names: readonly string[]): UpstreamBlock {
  const [name] = names
  if (name === undefined || names.length !== 1) throw lineFail(line)('an upstream has exactly one name')
  const directives: Directive[] = []
  for (;;) {
    const step = reader.next()
    if (!step) throw lineFail(line)(`the upstream ${quoted(name)} is not closed`)
    if (step.kind === 'end') return { name, line, directives }
    if (step.kind === 'block')
      throw lineFail(step.line)(`${quoted(step.words[0] ?? '')} opens a block inside of an upstream`)
    directives.push(step)
  }
}
