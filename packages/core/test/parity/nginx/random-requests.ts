/** Numbers from 0 to below `bound`, the same for the same seed. */
export type Random = (bound: number) => number

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

/** One of the list. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)] as T
}

/** A header's value as a client may write it: bytes up to 0xFF, commas, quotes, tabs, and blanks inside and around. */
export function headerBytes(random: Random): string {
  const form = random(10)
  if (form === 0) return ''
  if (form === 1) return `session-${random(100_000)}`
  if (form === 2) return `${' '.repeat(random(3))}v${random(1000)}${' '.repeat(random(3))}`
  if (form === 3) return `${'\t'.repeat(1 + random(2))}t${random(1000)}${' \t'.repeat(random(2))}`
  if (form === 4)
    return Buffer.from(oneOf(random, ['żółw', 'Ünï', '日本', '🐚'])).toString('latin1') + random(1000)
  if (form === 5) return `a${random(50)},${' '.repeat(random(2))}"b,${random(50)}"`
  const length = 1 + random(form === 6 ? 300 : 40)
  return Array.from({ length }, () => String.fromCharCode(headerByte(random))).join('')
}

function headerByte(random: Random): number {
  const byte = 0x20 + random(0xe0)
  return byte === 0x7f ? 0x09 : byte
}
