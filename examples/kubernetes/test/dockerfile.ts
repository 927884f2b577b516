import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DockerfileParser, type From, type Instruction } from 'dockerfile-ast'

const PATH = fileURLToPath(new URL('../Dockerfile', import.meta.url))

export const TEXT: string = readFileSync(PATH, 'utf8')

/** A stage of the Dockerfile: its FROM, and the instructions after it. */
export interface Stage {
  readonly from: From
  readonly instructions: readonly Instruction[]
}

const parsed = DockerfileParser.parse(TEXT)

export const stages: readonly Stage[] = parsed.getFROMs().map((from, index, all) => {
  const next = all[index + 1]?.getRange().start.line ?? Number.POSITIVE_INFINITY
  const instructions = parsed.getInstructions().filter((instruction) => {
    const { line } = instruction.getRange().start
    return line > from.getRange().start.line && line < next
  })
  return { from, instructions }
})

/** The arguments of the instructions of a kind, as they are written. */
export function written({ instructions }: Stage, keyword: string): string[] {
  return instructions
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => instruction.getRawArgumentsContent() ?? '')
}

/** The command of an instruction in JSON form, such as CMD; whatever stands before it is left out. */
export function commandOf(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}
