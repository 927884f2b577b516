import { type Fail, quoted } from './fail.ts'

/**
 * Whether nginx of this version joins the lines of a repeated header with ", "; before 1.23.0 it took the first (but always joined those of
 * Cookie and X-Forwarded-For). Undefined stands for the current one.
 */
export function joinsHeaderLines(version: string | undefined, fail: Fail): boolean {
  if (version === undefined) return true
  const numbers =
    typeof version === 'string' ? /^(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?$/.exec(version) : undefined
  if (!numbers) throw fail(`expected a version such as 1.22 or 1.28.0, got ${quoted(String(version))}`)
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])]
  return major > 1 || (major === 1 && minor >= 23)
}
