import fc from 'fast-check'
import type { TableHost } from '../../../src/parity/envoy/host-table.ts'
import { textBytes } from '../../../src/parity/wire-bytes.ts'

/** Hosts as a table takes them, with their share of the weights. */
export function tableHosts(
  keys: readonly string[],
  weights: readonly number[] = keys.map(() => 1),
): readonly TableHost[] {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return keys.map((key, index) => ({ index, key: textBytes(key), share: (weights[index] as number) / sum }))
}

/** Hash keys: some begin others, and their order by UTF-8 bytes is not that of JavaScript's texts. */
export const hashKey: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom('a', 'b', '0', '_', ':', '\u00e9', '\u20ac', '\uffe6', '\u{1d11e}'),
  minLength: 1,
  maxLength: 20,
})
