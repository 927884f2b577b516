import { hash } from 'node:crypto'
import type { Identity } from '../endpoint/endpoint.ts'
import type { Bindings } from './bindings.ts'
import type { ListedBinding } from './capabilities.ts'
import { nextTurn, SLOTS_PER_SLICE } from './slices.ts'

/**
 * Lists bindings, a slice of slots at a time: a slot keeps its binding for as long as that stands, so each is met once.
 * `bindings` and `now` are asked at each slice.
 */
export async function* listedBindings(
  bindings: () => Bindings,
  now: () => number,
  { identity, signal }: { readonly identity?: Identity; readonly signal?: AbortSignal } = {},
): AsyncGenerator<ListedBinding> {
  signal?.throwIfAborted()
  for (let from = 1; from < bindings().rows.end; from += SLOTS_PER_SLICE) {
    if (from > 1) await nextTurn()
    for (const listed of sliceOf(bindings(), now(), from, identity)) {
      signal?.throwIfAborted()
      yield listed
    }
  }
}

function sliceOf(
  bindings: Bindings,
  now: number,
  from: number,
  identity: Identity | undefined,
): ListedBinding[] {
  const { rows } = bindings
  const only = identity === undefined ? undefined : bindings.identities.ordinalOf(identity)
  const listed: ListedBinding[] = []
  const end = Math.min(from + SLOTS_PER_SLICE, rows.end)
  for (let slot = from; slot < end; slot++) {
    const ordinal = rows.identity(slot)
    if (ordinal === 0 || (only !== undefined && ordinal !== only) || bindings.isExpired(slot, now)) continue
    listed.push({
      key: bindings.key(slot),
      fingerprint: shownFingerprint(bindings, slot),
      binding: bindings.binding(slot),
      usedAt: rows.usedAt(slot),
    })
  }
  return listed
}

/**
 * 96 bits in hex. Not the stored ones: those tell of the seed, with which one could test guesses of a key or make keys
 * that collide. So they are hashed once more, with the seed.
 */
function shownFingerprint({ rows, shape }: Bindings, slot: number): string {
  const words = Int32Array.of(...shape.seed, ...[0, 1, 2].map((word) => rows.fingerprintWord(slot, word)))
  return hash('sha256', new Uint8Array(words.buffer), 'hex').slice(0, 24)
}
