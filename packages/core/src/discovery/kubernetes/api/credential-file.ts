import { open } from 'node:fs/promises'
import { StickyError } from '../../../error.ts'

/** Tokens have some 1 000 bytes, bundles of authorities a few for each. */
const MAX_BYTES = 1_048_576

/**
 * A mounted credential. It is read for each request, which costs little beside one: the kubelet replaces tokens about
 * once an hour, and certificates when they end.
 */
export class CredentialFile {
  readonly #path: string
  #last: string | undefined = undefined

  constructor(path: string) {
    this.#path = path
  }

  /**
   * What the file holds now. While it cannot be read (a volume that is being replaced) the last content stands.
   *
   * @throws StickyError `kubernetes` where it could never be read
   */
  async read(): Promise<string> {
    try {
      const text = (await readBounded(this.#path)).trim()
      if (text !== '') this.#last = text
      if (this.#last === undefined) throw new Error('it is empty')
    } catch (cause) {
      if (this.#last === undefined) {
        const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
        throw new StickyError('kubernetes', `${this.#path}: cannot be read: ${why}`, { cause })
      }
    }
    return this.#last
  }
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, got ${size}`)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
