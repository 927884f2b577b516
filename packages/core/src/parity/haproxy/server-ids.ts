/**
 * The numeric ids in force. The counter moves past given ids, and by one for each server, also for those with an id of their own, so
 * that `-, 2, -, 1, -, 40` become `3, 2, 5, 1, 7, 40` (`check_config_validity` of cfgparse.c).
 */
export function serverIds(given: readonly (number | undefined)[]): number[] {
  const used = new Set(given)
  let next = 1
  return given.map((id) => {
    if (id === undefined) while (used.has(next)) next++
    const inForce = id ?? next
    next++
    return inForce
  })
}
