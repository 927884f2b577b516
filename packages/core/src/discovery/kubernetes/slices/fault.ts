/** Something in a slice that is not as expected; what it concerns is left out, and the rest is read. */
export interface Fault {
  /** What makes two faults the same one: while one of them lasts, the other is not told. */
  readonly key: string
  readonly message: string
}

/** A list of the names of ports, or a value, from the network: shown in part. */
const MAX_SHOWN = 80

/** A field of a slice that is malformed: `endpoints[3].addresses[0]: expected an IPv4 address, got "x"`. */
export function malformed(slice: string, field: string, expected: string, got: unknown): Fault {
  const message = `EndpointSlice ${slice}: ${field}: expected ${expected}, got ${shown(got)}`
  return { key: message, message }
}

/** Text from the network as a message may hold it: no line breaks, not too long. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value).slice(0, MAX_SHOWN)
}
