import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import type { EndpointInit } from '../endpoint/endpoint.ts'
import { type EndpointSet, endpointSet } from '../endpoint/endpoint-set.ts'
import { StickyError } from '../error.ts'
import { jsonFault } from './json-fault.ts'

/** What one look at the file has found. */
export type Look =
  | { readonly kind: 'same' }
  /** It was written while it was read: what was read may be half of it. */
  | { readonly kind: 'moving' }
  | { readonly kind: 'read'; readonly text: string; readonly mark: string }
  /** What is there cannot be used; looking again is of no use before it has changed. */
  | { readonly kind: 'unusable'; readonly error: StickyError; readonly mark: string }

/**
 * Reads the file, unless it is still marked `known`. A mark changes whenever the content is written or the file replaced,
 * also behind symbolic links. Rejects if the file cannot be opened or read.
 *
 * @throws StickyError `endpoints-file`
 */
export async function lookAtFile(path: string, known: string | undefined, maxBytes: number): Promise<Look> {
  let file: FileHandle | undefined
  try {
    // O_NONBLOCK, which files ignore: opening a pipe would wait for its writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const before = await file.stat({ bigint: true })
    const mark = markOf(before)
    if (mark === known) return { kind: 'same' }
    const unusable = (message: string): Look => ({ kind: 'unusable', error: fileError(path, message), mark })
    if (!before.isFile()) return unusable('expected a file, got something else')
    const bytes = await read(file, Math.min(Number(before.size), maxBytes) + 1)
    if (markOf(await file.stat({ bigint: true })) !== mark) return { kind: 'moving' }
    if (bytes.length > maxBytes) return unusable(`expected at most maxBytes = ${maxBytes} bytes, got more`)
    try {
      return { kind: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mark }
    } catch {
      return unusable('expected text in UTF-8, got other bytes')
    }
  } catch (cause) {
    throw fileError(path, `cannot be read: ${(cause as NodeJS.ErrnoException).code ?? cause}`, cause)
  } finally {
    await file?.close()
  }
}

/**
 * The endpoints that the file's text lists. Those that `previous` has just so are taken over as the same objects.
 *
 * @throws StickyError `endpoints-file`, with line and column where the text is no JSON, and else with the endpoint's index
 */
export function parseEndpoints(path: string, text: string, previous: EndpointSet | undefined): EndpointSet {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw notJson(path, text, cause)
  }
  try {
    return endpointSet(listIn(content), previous)
  } catch (cause) {
    throw fileError(path, (cause as Error).message, cause)
  }
}

function listIn(content: unknown): readonly (string | EndpointInit)[] {
  let list = content
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    const unknown = Object.keys(content).find((name) => name !== 'endpoints')
    if (unknown !== undefined) throw new Error(`${unknown} is unknown; known: endpoints`)
    list = (content as { endpoints?: unknown }).endpoints
  }
  if (!Array.isArray(list)) throw new Error('expected a list of endpoints, or { "endpoints": [...] }')
  return list
}

function notJson(path: string, text: string, cause: unknown): StickyError {
  const fault = jsonFault(text)
  if (!fault) return fileError(path, 'is no JSON', cause)
  const lines = text.slice(0, fault.offset).split('\n')
  const column = (lines.at(-1) as string).length + 1
  const found = text.codePointAt(fault.offset)
  const got = found === undefined ? 'the end of the file' : JSON.stringify(String.fromCodePoint(found))
  return fileError(`${path}:${lines.length}:${column}`, `expected ${fault.expected}, got ${got}`, cause)
}

/** At most `most` bytes: one more than allowed is enough to know that there are too many. */
async function read(file: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(most)
  let length = 0
  while (length < most) {
    const { bytesRead } = await file.read(buffer, length, most - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

function markOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

function fileError(path: string, message: string, cause?: unknown): StickyError {
  return new StickyError('endpoints-file', `${path}: ${message}`, { cause })
}
