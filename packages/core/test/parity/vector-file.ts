import { readdirSync, readFileSync } from 'node:fs'

/** A file of captured answers; `vectors/README.md` says what stands in it. */
export interface VectorFile {
  readonly file: string
  readonly program: string
  readonly version: string
  readonly scheme: string
  readonly config?: string
  readonly row?: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly servers: readonly VectorServer[]
  readonly vectors: readonly (readonly unknown[])[]
  readonly vectorsHex?: readonly (readonly unknown[])[]
  readonly [field: string]: unknown
}

export interface VectorServer {
  readonly name: string
  readonly weight: number
  readonly server?: string
  readonly address?: string
  readonly port?: number
  readonly id?: number
  readonly hashKey?: string
  readonly down?: boolean
  readonly backup?: boolean
  readonly refuses?: boolean
}

const FOLDER = new URL('./vectors/', import.meta.url)

/** The vector files whose names `wanted` matches; throws if there are none, so that no test passes for want of files. */
export function vectorFiles(wanted: RegExp): readonly VectorFile[] {
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && wanted.test(file))
    .sort()
    .map((file) => ({ ...JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')), file }) as VectorFile)
  if (files.length === 0) throw new Error(`no vector file matches ${wanted}`)
  return files
}

/** Each row's key as bytes, with the rest of the row. */
export function* vectorRows({
  vectors,
  vectorsHex = [],
}: VectorFile): Generator<readonly [Uint8Array, ...unknown[]]> {
  for (const [key, ...answers] of vectors) yield [Buffer.from(key as string, 'utf8'), ...answers]
  for (const [key, ...answers] of vectorsHex) yield [Buffer.from(key as string, 'hex'), ...answers]
}
