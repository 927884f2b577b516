/**
 * The sticky choice of the peers: a plain Map, and round robin for a new key. The least that sticks, so that a peer is
 * never slow for its table.
 */
export function stickyChoice<T>(backends: readonly T[]): (key: string | undefined) => T {
  const bindings = new Map<string, T>()
  let turn = 0
  const next = (): T => backends[turn++ % backends.length] as T
  return (key) => {
    if (key === undefined) return next()
    const bound = bindings.get(key)
    if (bound !== undefined) return bound
    const backend = next()
    bindings.set(key, backend)
    return backend
  }
}
