/** The text of an address of 4 or 16 bytes; IPv6 as RFC 5952 writes it, so that equal addresses have equal texts. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups: number[] = []
  for (let index = 0; index < 16; index += 2) {
    groups.push(((bytes[index] as number) << 8) | (bytes[index + 1] as number))
  }
  const { start, length } = longestZeros(groups)
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  // A single group of zeros is not shortened (RFC 5952, 4.2.2).
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start }
  }
  return longest
}
