import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** One fenced piece of code of a page. */
export interface Snippet {
  /** `docs/guide/keys.md, line 12`. */
  readonly where: string
  readonly code: string
  readonly isRun: boolean
}

/** Every page whose snippets and links are tested. */
export function pages(): string[] {
  const guides = readdirSync(`${ROOT}docs/guide`).map((file) => `docs/guide/${file}`)
  const packages = ['core', 'adapters-node', 'adapters-express'].map((name) => `packages/${name}/README.md`)
  return [
    'README.md',
    'CONTRIBUTING.md',
    'examples/quickstart/README.md',
    'docs/index.md',
    ...packages,
    ...guides,
  ]
}

export function textOf(page: string): string {
  return readFileSync(`${ROOT}${page}`, 'utf8')
}

export function snippets(): Snippet[] {
  return pages().flatMap((page) => {
    const text = textOf(page)
    return [...text.matchAll(/^```(?:ts|js)( no-run)?\n([\s\S]*?)^```$/gm)].map((match) => ({
      where: `${page}, line ${text.slice(0, match.index).split('\n').length}`,
      code: match[2] as string,
      isRun: match[1] === undefined,
    }))
  })
}
