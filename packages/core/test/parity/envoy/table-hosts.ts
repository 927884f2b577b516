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
