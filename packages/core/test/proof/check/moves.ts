import type { TableEvent } from '../history/event.ts'
import { mayHaveEnded } from './ends.ts'
import type { Life } from './lives.ts'
import type { LawCheck, Subject } from './subject.ts'

/**
 * A binding is moved only from an endpoint that its gateway could not use, by discovery, health, or a connection of that request that
 * failed. So an outage of the table moves nothing, nor does an endpoint that comes back.
 */
export const needlessMoves: LawCheck = function* (subject) {
  for (const { key, lives } of subject.keys) {
    for (const [before, life] of moves(lives)) {
      const made = life.made as TableEvent
      if (before.identity === life.identity || wasLost(subject, before.identity, made)) continue
      yield {
        law: 'needless-move',
        message: `${key} was moved from ${before.identity}, which ${made.by} could use, to ${life.identity}`,
        events: [...before.answers.slice(0, 1), made],
      }
    }
  }
}

/** No key is moved twice within `minMoveIntervalMs`; moves of one request, which looks for an endpoint that answers, are one. */
export const pingPong: LawCheck = function* (subject) {
  const { rules } = subject
  for (const history of subject.keys) {
    const { key, lives } = history
    const followed = new Map(moves(lives).map(([, life]) => [life.version, life]))
    for (const [before, life] of moves(lives)) {
      const made = life.made as TableEvent
      const moved = followed.get(before.version)?.made
      const first = moved && lives.find(({ version }) => version === moved?.from)
      if (!first || moved === undefined || (moved.by === made.by && moved.id === made.id)) continue
      // A move of a key whose binding has ended binds it anew.
      if (mayHaveEnded(subject, history, first, moved)) continue
      if (made.at - moved.since >= rules.minMoveIntervalMs - rules.clockErrorMs) continue
      yield {
        law: 'ping-pong',
        message: `${key} was moved again after ${Math.round(made.at - moved.since)} ms at most`,
        events: [moved, made],
      }
    }
  }
}

/** The lives that were moved from another, with that one. */
function moves(lives: readonly Life[]): [Life, Life][] {
  const byVersion = new Map(lives.map((life) => [life.version, life]))
  return lives.flatMap((life): [Life, Life][] => {
    const before = life.made?.op === 'move' ? byVersion.get(life.made.from as string) : undefined
    return before === undefined ? [] : [[before, life]]
  })
}

export function wasLost({ views, routeOf }: Subject, identity: string, call: TableEvent): boolean {
  const route = routeOf(call)
  if (route?.tried?.includes(identity)) return true
  return views.lacked(call.by, identity, route?.since ?? call.since, call.at)
}
