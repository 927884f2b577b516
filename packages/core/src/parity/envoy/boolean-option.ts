import { invalidOption } from '../../option.ts'

/** True or false. */
export function booleanOption(path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidOption(path, 'true or false', value)
  return value
}
