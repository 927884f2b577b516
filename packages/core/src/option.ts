import { StickyError } from './error.ts'

/**
 * Checks of options, all with one form of message: the option's path, what was expected, what was given.
 * Each answers the value it has checked, so that a constructor reads as a list of its options.
 */

/** The error for an option that is not as expected. Values are shown by type where they could be long or secret. @beta */
export function invalidOption(path: string, expected: string, got: unknown): StickyError {
  return new StickyError('invalid-option', `option "${path}": expected ${expected}, got ${shown(got)}`)
}

/** Refuses anything but an object whose keys all are in `known`; a misspelt option must not be silently ignored. @beta */
export function optionsObject<T extends object>(
  path: string,
  value: T,
  known: readonly (keyof T & string)[],
): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidOption(path, 'an object', value)
  }
  for (const name of Object.keys(value)) {
    if (!(known as readonly string[]).includes(name)) {
      throw new StickyError(
        'invalid-option',
        `option "${path}.${name}" is unknown; known: ${known.join(', ')}`,
      )
    }
  }
  return value
}

/** A whole number from `min` to `max`. @beta */
export function integerOption(path: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalidOption(path, `an integer from ${min} to ${max}`, value)
  }
  return value
}

/** A duration in milliseconds from `min` to 2^31 - 1, the longest that timers take; or `Infinity` where there may be none. @beta */
export function durationOption(
  path: string,
  value: unknown,
  min: number,
  never: 'finite' | 'or-never',
): number {
  if (value === Number.POSITIVE_INFINITY && never === 'or-never') return value
  if (typeof value !== 'number' || !(value >= min && value <= 2 ** 31 - 1)) {
    const range = `milliseconds from ${min} to ${2 ** 31 - 1}`
    throw invalidOption(path, never === 'or-never' ? `${range}, or Infinity` : range, value)
  }
  return value
}

/** One of a closed set of words. @beta */
export function choiceOption<T extends string>(path: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw invalidOption(path, choices.map((choice) => `'${choice}'`).join(' or '), value)
  }
  return value as T
}

/** A function. @beta */
export function functionOption<T extends (...args: never[]) => unknown>(path: string, value: T): T {
  if (typeof value !== 'function') throw invalidOption(path, 'a function', value)
  return value
}

/** An object that has the named methods: how a contract given by the user is checked without knowing its class. @beta */
export function contractOption<T extends object>(
  path: string,
  value: T,
  contract: string,
  methods: readonly (keyof T & string)[],
): T {
  const complete =
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof value[method] === 'function')
  if (!complete) throw invalidOption(path, `a ${contract} (an object with ${methods.join('(), ')}())`, value)
  return value
}

function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 80 ? `a string of ${value.length} characters` : JSON.stringify(value)
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
