/** The greatest number that divides both without a rest; 0 for twice 0. */
export function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other)
}
