import { hash } from 'node:crypto'

/** The longest key that is stored as it is: a UUID, an ULID and 256 bits in hex fit. */
export const LONGEST_VERBATIM = 64

/**
 * The text under which a table stores `key`: the key itself, or for a long key `~` and its SHA-256 in hex. A stored key
 * is thus at most 65 characters, whatever clients send, and two long keys with a common beginning stay two keys (a cut
 * would merge two users). The forms cannot meet: a verbatim key has at most 64 characters, a hashed one has 65.
 */
export function storedKey(key: string): string {
  return key.length <= LONGEST_VERBATIM ? key : `~${hash('sha256', Buffer.from(key, 'latin1'), 'hex')}`
}
