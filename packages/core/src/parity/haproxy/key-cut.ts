import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'
import { wireBytes } from '../wire-bytes.ts'
import { firstItem, items, withoutLws } from './header-items.ts'
import { clientBytes } from './ip-bytes.ts'

/** How a `balance` line makes a key of a request. */
export interface KeyCut {
  /** Names in lower case of the headers that it reads. */
  readonly headers: readonly string[]
  /** Whether an empty key is hashed; if not, HAProxy balances by other means. */
  readonly hashesEmpty: boolean
  /** `balance source` has a hash of its own. */
  readonly hash: 'hash-type' | 'address'
  /** Undefined where HAProxy would not hash. */
  cut(request: RequestLike): Uint8Array | undefined
}

/** `balance hdr(name)`: the first item of the header's first line; an empty one is none. */
export function firstItemCut(name: string): KeyCut {
  return {
    headers: [name],
    hashesEmpty: false,
    hash: 'hash-type',
    cut(request) {
      const [line] = headerValues(request, name)
      const item = line === undefined ? '' : firstItem(line)
      return item === '' ? undefined : wireBytes(item)
    },
  }
}

/**
 * `balance hash req.hdr(name,occurrence)`, and `req.fhdr` whose values are whole lines: the value of this number, counted from 1, or
 * from the last one back, which is -1. An empty value is hashed.
 */
export function occurrenceCut(name: string, values: 'items' | 'lines', occurrence: number): KeyCut {
  return {
    headers: [name],
    hashesEmpty: true,
    hash: 'hash-type',
    cut(request) {
      const lines = headerValues(request, name)
      const all = values === 'lines' ? lines.map(withoutLws) : lines.flatMap(items)
      const value = all.at(occurrence > 0 ? occurrence - 1 : occurrence)
      return value === undefined ? undefined : wireBytes(value)
    },
  }
}

/** `balance source` and `balance hash src`: the bytes of the client's address. */
export function sourceCut(hash: 'hash-type' | 'address'): KeyCut {
  return {
    headers: [],
    hashesEmpty: true,
    hash,
    cut(request) {
      const address = request.socket?.remoteAddress
      return address === undefined ? undefined : clientBytes(address)
    },
  }
}
