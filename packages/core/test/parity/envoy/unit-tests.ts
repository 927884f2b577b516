import { readFileSync } from 'node:fs'

/** The numbers in the unit tests of Envoy; a 64-bit one is a decimal text. `note` in the file says more. */
export interface UnitTests {
  readonly xxHash64: readonly (readonly [text: string, hash: string])[]
  readonly xxHash64OfHeaderValues: readonly (readonly [
    values: readonly string[],
    hash: string,
    note: string,
  ])[]
  readonly murmurHash2: readonly (readonly [text: string, hash: string])[]
  readonly ringHash: readonly RingCase[]
  readonly maglev: readonly MaglevCase[]
}

interface HostsCase {
  /** Hash keys. */
  readonly hosts: readonly string[]
  readonly weights?: readonly number[]
  readonly attempts?: readonly (readonly [hash: string, hosts: readonly string[]])[]
}

export interface RingCase extends HostsCase {
  readonly minimumRingSize: number
  readonly maximumRingSize?: number
  readonly hashFunction: 'XX_HASH' | 'MURMUR_HASH_2'
  readonly size?: number
  readonly ring?: readonly (readonly [host: string, position: string])[]
  readonly chooseHost?: readonly (readonly [hash: string, host: string])[]
  readonly entriesPerHost?: readonly number[]
  readonly entriesPerHostMinMax?: readonly [number, number]
  readonly histogram?: { readonly hashes: string; readonly counts: readonly number[] }
}

export interface MaglevCase extends HostsCase {
  readonly tableSize: number
  readonly table: readonly string[]
}

const FILE = new URL('../vectors/envoy-unit-tests.json', import.meta.url)

export const unitTests: UnitTests = JSON.parse(readFileSync(FILE, 'utf8'))
