import { invalidOption } from '../../option.ts'

/** Underscores stand in names of services (RFC 2782). Names of other bytes are never asked for. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i

/** The longest name as text, without the dot at its end: 255 bytes on the wire (RFC 1035, 2.3.4). */
export const MAX_NAME_LENGTH = 253

/** Lower case and without the dot at its end: how names are compared and shown. */
export function plainName(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

/** True for what can be asked for: labels of letters, digits, hyphens and underscores. */
export function isName(text: string): boolean {
  const name = plainName(text)
  return name.length <= MAX_NAME_LENGTH && name.split('.').every((label) => LABEL.test(label))
}

/** A name as users write it; a dot at its end makes it absolute. */
export function nameOption(path: string, value: unknown): string {
  if (typeof value !== 'string' || !isName(value)) {
    throw invalidOption(path, 'a DNS name such as web.default.svc.cluster.local', value)
  }
  return value
}
