import { MAX_NAME_LENGTH, plainName } from './name.ts'

/**
 * The names to try, in order, as glibc does: a name with a dot at its end as it is; one with at least `ndots` dots first
 * as it is, then in each domain of the search list; others in each domain, and as they are at last.
 */
export function namesToTry(name: string, search: readonly string[], ndots: number): readonly string[] {
  const plain = plainName(name)
  if (name.endsWith('.')) return [plain]
  const inDomains = search.map((domain) => (domain === '' ? plain : `${plain}.${plainName(domain)}`))
  const isLong = plain.split('.').length - 1 >= ndots
  const all = isLong ? [plain, ...inDomains] : [...inDomains, plain]
  return [...new Set(all)].filter(({ length }) => length <= MAX_NAME_LENGTH)
}
