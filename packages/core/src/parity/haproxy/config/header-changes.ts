/** Stands for a change of the client's address. */
export const SOURCE_CHANGE = '<source>'

/** Stands for a change that may be of any header. */
export const ANY_CHANGE = '*'

const HEADER_ACTION = /^(?:set|add|replace)-(?:header|value)$/
const ANY_ACTION = /^(?:lua\.|use-service$|(?:set|add|del)-headers-bin$|early-hint$)/
const SOURCE_ACTION = /^set-src(?:-port)?$/

/** What an `option` writes if it names no other header. */
const OPTION_HEADERS: ReadonlyMap<string, string> = new Map([
  ['forwardfor', 'x-forwarded-for'],
  ['originalto', 'x-original-to'],
  ['forwarded', 'forwarded'],
])

/**
 * The header that a line changes, in lower case, so that HAProxy may hash other bytes than the client sent; undefined if it
 * changes none.
 */
export function headerChange(words: readonly string[]): string | undefined {
  const [keyword, action = '', name = ''] = words
  if (keyword === 'unique-id-header') return action.toLowerCase()
  if (keyword === 'option') {
    const named = words.indexOf('header')
    return OPTION_HEADERS.has(action)
      ? (words[named < 0 ? words.length : named + 1] ?? (OPTION_HEADERS.get(action) as string)).toLowerCase()
      : undefined
  }
  if (keyword === 'bind')
    return words.some((word) => /^accept-(?:proxy|netscaler-cip)$/.test(word)) ? SOURCE_CHANGE : undefined
  if (keyword === 'tcp-request')
    return words.some((word) => SOURCE_ACTION.test(word)) ? SOURCE_CHANGE : undefined
  if (keyword !== 'http-request') return undefined
  if (HEADER_ACTION.test(action)) return name.toLowerCase()
  if (action === 'del-header')
    return words[3] === '-m' && words[4] !== 'str' ? ANY_CHANGE : name.toLowerCase()
  if (SOURCE_ACTION.test(action)) return SOURCE_CHANGE
  return ANY_ACTION.test(action) ? ANY_CHANGE : undefined
}
