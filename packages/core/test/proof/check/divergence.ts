import type { RouteEvent } from '../history/event.ts'
import type { KeyHistory } from './lives.ts'
import type { LawCheck, Subject } from './subject.ts'

/**
 * Outside of declared outages every request goes where its key is bound, or was within the bound of staleness; or, if that
 * endpoint is lost to its gateway, on a detour. None is refused, none is placed without the table.
 */
export const divergence: LawCheck = function* (subject) {
  const keys = new Map(subject.keys.map((history) => [history.key, history]))
  for (const route of subject.routes) {
    if (subject.outages.concern(route.by, route.since, route.at)) continue
    const why = whyWrong(subject, route, keys.get(route.key))
    if (why === undefined) continue
    const around = keys.get(route.key)?.lives.filter(({ bornBy }) => bornBy <= route.at) ?? []
    const standing = around.slice(-3).map(({ made, answers }) => made ?? answers[0])
    yield {
      law: 'divergence',
      message: `${route.by} sent ${route.key} to ${route.to ?? 'nobody'} (${route.kind}): ${why}`,
      events: [...standing.filter((event) => event !== undefined), route],
    }
  }
}

function whyWrong(subject: Subject, route: RouteEvent, key: KeyHistory | undefined): string | undefined {
  switch (route.kind) {
    case 'stuck':
    case 'bound':
    case 'moved':
      return stood(subject, route, key) ? undefined : 'it was not bound there'
    case 'detour': {
      const from = route.from as string
      const isLost =
        route.tried?.includes(from) || subject.views.lacked(route.by, from, route.since, route.at)
      return isLost ? undefined : `${from} was not lost`
    }
    case 'fallback':
      return 'the table was not away'
    default:
      return `unexpected${route.reason ? `, ${route.reason}` : ''}`
  }
}

/** Whether the key was bound there at some moment of the request. What follows may have been forgotten, and the table be as before. */
function stood(
  { rules, outages }: Subject,
  { to, since, at }: RouteEvent,
  key: KeyHistory | undefined,
): boolean {
  const lives = key?.lives ?? []
  return lives.some(({ identity, bornSince }, index) => {
    if (identity !== to || bornSince > at) return false
    const next = lives[index + 1]
    if (next === undefined || next.bornBy + rules.stalenessMs >= since) return true
    return outages.mayForget(next.bornSince, at)
  })
}
