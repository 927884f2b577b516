import type { Identity } from '../endpoint/endpoint.ts'
import { StickyError } from '../error.ts'
import type { Bindings, BindingsShape } from './bindings.ts'
import { ByteStream } from './byte-stream.ts'
import type { SliceOptions } from './capabilities.ts'
import { RestoredOrder } from './restored-order.ts'
import { nextTurn } from './slices.ts'
import {
  checkPrelude,
  DIGEST_BYTES,
  damaged,
  digestOf,
  END_BYTES,
  HEADER_BYTES,
  KIND,
  LONGEST_PAYLOAD,
  PRELUDE_BYTES,
} from './snapshot-format.ts'

/** The table that is filled. */
export interface RestoreTarget {
  readonly bindings: () => Bindings
  /** Empties the table; with `shape`, its bindings are kept by that from now on. */
  readonly replace: (shape?: BindingsShape) => void
  readonly maxEntries: number
  readonly now: () => number
  readonly nextVersion: () => number
}

interface Header {
  readonly countsAddresses: boolean
  readonly size: number
  /** Added to saved times, so that a clock behind the saver's lengthens no life. */
  readonly shift: number
}

/** Fills an empty table from the bytes of a saved one; claims made meanwhile win. A failure leaves the table empty. */
export async function restoreBindings(
  target: RestoreTarget,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: SliceOptions = {},
): Promise<number> {
  options.signal?.throwIfAborted()
  expectEmpty(target.bindings())
  const stream = new ByteStream(pieces)
  let begun: Bindings | undefined
  try {
    checkPrelude(await stream.take(PRELUDE_BYTES))
    const frames = new Frames(stream)
    const header = readHeader(target, await frames.next())
    begun = target.bindings()
    return await new Restore(target, header).run(frames, options)
  } catch (error) {
    // After a clear() the table holds nothing of it any more, but perhaps what was bound since.
    if (begun !== undefined && begun === target.bindings()) target.replace()
    throw error
  } finally {
    await stream.close()
  }
}

/** Frames in turn, each with the digest that its place demands. */
class Frames {
  readonly #stream: ByteStream
  #sequence = 0

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  async next(): Promise<Buffer> {
    const length = (await this.#stream.take(4)).readUInt32LE()
    if (length === 0 || length > LONGEST_PAYLOAD) throw damaged('a length is out of range')
    const payload = await this.#stream.take(length)
    const digest = await this.#stream.take(DIGEST_BYTES)
    if (!digest.equals(digestOf(this.#sequence++, payload))) throw damaged('a checksum does not match')
    return payload
  }

  async end(): Promise<void> {
    if (!(await this.#stream.isAtEnd())) throw damaged('something follows its end')
  }
}

function readHeader(target: RestoreTarget, bytes: Buffer): Header {
  if (bytes[0] !== KIND.header || bytes.length !== HEADER_BYTES) throw damaged('it has no header')
  const { shape } = target.bindings()
  const keys = bytes[1] === 1 ? 'exact' : 'fingerprint'
  if (keys !== shape.keys) {
    throw new StickyError(
      'invalid-option',
      `option "memoryTable.keys": the snapshot was saved with '${keys}', this table has '${shape.keys}'`,
    )
  }
  // Bindings made until now have fingerprints by another seed.
  expectEmpty(target.bindings())
  const [a, b, c, d] = [3, 7, 11, 15].map((at) => bytes.readInt32LE(at)) as [number, number, number, number]
  target.replace({ ...shape, seed: [a, b, c, d] })
  const shift = Math.min(0, target.now() - bytes.readDoubleLE(19))
  return { countsAddresses: bytes[2] === 1, size: bytes.readUInt32LE(27), shift }
}

function expectEmpty(bindings: Bindings): void {
  if (bindings.size === 0 && bindings.restoring === undefined) return
  throw new StickyError(
    'table-not-empty',
    'a snapshot can be restored only into an empty table: restore it before the first request is routed',
  )
}

class Restore {
  readonly #target: RestoreTarget
  readonly #bindings: Bindings
  readonly #header: Header
  readonly #identities = new Map<number, Identity>()
  #restored = 0

  constructor(target: RestoreTarget, header: Header) {
    this.#target = target
    this.#bindings = target.bindings()
    this.#header = header
  }

  async run(frames: Frames, { signal, onProgress }: SliceOptions): Promise<number> {
    const bindings = this.#bindings
    // False once a clear() has ended what was restored.
    const goesOn = () => this.#target.bindings() === bindings
    const order = new RestoredOrder(bindings.rows)
    bindings.restoring = order
    let saved = 0
    for (;;) {
      const payload = await frames.next()
      signal?.throwIfAborted()
      if (!goesOn()) return this.#restored
      if (payload[0] === KIND.end) {
        if (payload.length !== END_BYTES || payload.readDoubleLE(1) !== saved)
          throw damaged('bindings are missing')
        await frames.end()
        break
      }
      if (payload[0] !== KIND.bindings) throw damaged('a part is of no known kind')
      saved += this.#fillChecked(payload, order)
      onProgress?.({ done: saved, total: Math.max(saved, this.#header.size) })
      await nextTurn()
    }
    await order.settle(() => {
      signal?.throwIfAborted()
      return goesOn()
    })
    bindings.restoring = undefined
    return this.#restored
  }

  #fillChecked(payload: Buffer, order: RestoredOrder): number {
    try {
      return this.#fill(payload, order)
    } catch (error) {
      if (error instanceof RangeError) throw damaged('a part is not as long as it says', error)
      throw error
    }
  }

  /** Restores the bindings of one part; answers how many it has. */
  #fill(payload: Buffer, order: RestoredOrder): number {
    let at = 1
    const identities = payload.readUInt32LE(at)
    at += 4
    for (let index = 0; index < identities; index++) {
      const ordinal = payload.readUInt32LE(at)
      const length = payload.readUInt32LE(at + 4)
      at += 8
      this.#identities.set(ordinal, payload.toString('utf16le', at, at + length))
      at += length
    }
    const count = payload.readUInt32LE(at)
    at += 4
    for (let index = 0; index < count; index++) at = this.#restoreOne(payload, at, order)
    if (at !== payload.length) throw new RangeError(`it ends at ${payload.length}, and its bindings at ${at}`)
    return count
  }

  /** Restores the binding that begins at `at`; answers where the next begins. */
  #restoreOne(payload: Buffer, at: number, order: RestoredOrder): number {
    const bindings = this.#bindings
    const { shift, countsAddresses } = this.#header
    const fingerprint = fingerprintAt(payload, at)
    const identity = this.#identities.get(payload.readUInt32LE(at + 12))
    if (identity === undefined) throw damaged('an identity is missing')
    const { now, maxEntries, nextVersion } = this.#target
    const present = now()
    // What was used after the saving had begun has a time that may still lie ahead.
    const usedAt = Math.min(present, payload.readDoubleLE(at + 16) + shift)
    const createdAt = Math.min(present, payload.readDoubleLE(at + 24) + shift)
    const movedAt = Math.min(present, payload.readDoubleLE(at + 32) + shift)
    let next = at + 40
    const address = countsAddresses ? fingerprintAt(payload, next) : undefined
    if (countsAddresses) next += 12
    let key = ''
    if (bindings.shape.keys === 'exact') {
      const length = payload.readUInt8(next)
      key = payload.toString('latin1', next + 1, next + 1 + length)
      next += 1 + length
    }
    if (bindings.size >= maxEntries || present >= bindings.endOf(usedAt, createdAt)) return next
    if (bindings.findSaved(fingerprint, key) !== 0) return next
    const slot = bindings.put(fingerprint, identity, this.#retain(address), createdAt, usedAt, nextVersion())
    if (!Number.isNaN(movedAt)) bindings.rows.movedAt.set(slot, movedAt)
    order.add(slot)
    this.#restored++
    return next
  }

  #retain(address: ReturnType<typeof fingerprintAt> | undefined): number {
    const { addresses } = this.#bindings
    if (addresses === undefined || address === undefined) return 0
    const { first, second, third } = address
    return first === 0 && second === 0 && third === 0 ? 0 : addresses.retainFingerprint(first, second, third)
  }
}

function fingerprintAt(payload: Buffer, at: number): { first: number; second: number; third: number } {
  return {
    first: payload.readInt32LE(at),
    second: payload.readInt32LE(at + 4),
    third: payload.readInt32LE(at + 8),
  }
}
