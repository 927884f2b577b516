import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FakeKubernetes, fakeKubernetes } from '../../../src/testing/index.ts'
import { asked, type Body, SLICES, slice, watching } from '../../support/asked-kubernetes.ts'

/** Name → value of the label `app`. */
type State = Readonly<Record<string, string>>

const step = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    app: fc.constantFrom('web', 'db'),
    namespace: fc.constantFrom('shop', 'elsewhere'),
  }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
)

/** What a client that began with this list and followed the watch holds in the end. */
function followed(items: readonly Body[], events: readonly Body[]): State {
  const state = new Map<string, string>(items.map(({ metadata }) => [metadata.name, metadata.labels.app]))
  for (const { type, object } of events) {
    const { name, labels } = object.metadata
    if (type === 'DELETED') expect(state.delete(name), `DELETED ${name}`).toBe(true)
    else {
      // ADDED only what was not there, MODIFIED only what was.
      expect(state.has(name), `${type} ${name}`).toBe(type === 'MODIFIED')
      state.set(name, labels.app)
    }
  }
  return Object.fromEntries([...state].sort())
}

describe('laws of the fake API server', () => {
  it('a list at any version is the state of then, in pages too, and a watch from it leads to the state of now', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 15 }),
        fc.constantFrom('', 'app=web', 'app!=web', 'app in (web,db)'),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        async (steps, labelSelector, limit, chosen) => {
          await using api = await fakeKubernetes()
          const history = play(api, steps, labelSelector)
          const [version, then] = history[chosen % history.length] as [string, State]
          const [, now] = history.at(-1) as [string, State]

          const items: Body[] = []
          let token = ''
          do {
            const page = new URLSearchParams({ limit: `${limit}`, labelSelector, continue: token })
            if (token === '') page.set('resourceVersion', version)
            const { body } = await asked(api, `${SLICES}?${page}`)
            expect(body.items.length).toBeLessThanOrEqual(limit)
            items.push(...body.items)
            token = body.metadata.continue ?? ''
          } while (token !== '')
          expect(followed(items, [])).toEqual(then)

          const watch = await watching(api, { resourceVersion: version, labelSelector })
          await api.watched(1)
          api.endWatches()
          expect(followed(items, (await watch.ended()).events)).toEqual(now)
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Plays the steps; answers what the selector takes of namespace `shop` at each version. */
function play(
  api: FakeKubernetes,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  selector: string,
): [version: string, state: State][] {
  const takes = (app: string) =>
    selector === 'app=web' ? app === 'web' : selector === 'app!=web' ? app !== 'web' : true
  const all = new Map<string, string>()
  const history: [string, State][] = [[api.resourceVersion, {}]]
  for (const each of steps) {
    if (each.kind === 'remove') {
      api.remove('EndpointSlice', 'shop', each.name)
      all.delete(each.name)
    } else {
      api.put(slice(each.name, { app: each.app }, each.namespace))
      if (each.namespace === 'shop') all.set(each.name, each.app)
    }
    const state = Object.fromEntries([...all].filter(([, app]) => takes(app)).sort())
    history.push([api.resourceVersion, state])
  }
  return history
}
