import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clusterApi } from '../../../src/discovery/kubernetes/api/cluster-api.ts'
import {
  type Disturbance,
  type FakeKubernetes,
  fakeKubernetes,
  fakeRandom,
  type WatchEnding,
} from '../../../src/testing/index.ts'
import { hurriedClock } from '../../support/hurried-clock.ts'
import { until } from '../../support/until.ts'
import { Followed, slice } from './support.ts'

/** The reflector's minutes are 300 ms, so that waits as they are meant make a short test. */
const FACTOR = 200

type Step =
  | { readonly kind: 'put'; readonly slice: number; readonly pods: readonly number[] }
  | { readonly kind: 'remove'; readonly slice: number }
  | { readonly kind: 'compact' | 'restart' | 'token' | 'bookmark' | 'pause' }
  | { readonly kind: 'watch-list'; readonly support: 'served' | 'refused' | 'bad-request' }
  | { readonly kind: 'end'; readonly how: WatchEnding }
  | { readonly kind: 'disturb'; readonly disturbance: Disturbance; readonly times: number }

const sliceNumber = fc.integer({ min: 0, max: 4 })
const change: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      slice: sliceNumber,
      pods: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), slice: sliceNumber }) },
)
const disturbance: fc.Arbitrary<Disturbance> = fc.constantFrom<Disturbance[]>(
  { kind: 'status', code: 500 },
  { kind: 'status', code: 429, retryAfterSeconds: 1 },
  { kind: 'status', code: 401 },
  { kind: 'status', code: 403 },
  { kind: 'status', code: 504, message: 'Too large resource version: 9' },
  { kind: 'gone', as: 'status' },
  { kind: 'gone', as: 'event' },
  { kind: 'silent' },
  { kind: 'silent', afterBytes: 700 },
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 900 },
  { kind: 'cut', afterBytes: 900 },
  { kind: 'cut', afterBytes: 800, clean: true },
  { kind: 'chunks', bytes: 11 },
  { kind: 'line', text: '{' },
)
const fault: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step[]>(
    { kind: 'compact' },
    { kind: 'restart' },
    { kind: 'token' },
    { kind: 'bookmark' },
    { kind: 'pause' },
  ),
  fc.record({
    kind: fc.constant('watch-list' as const),
    support: fc.constantFrom('served' as const, 'refused' as const, 'bad-request' as const),
  }),
  fc.record({
    kind: fc.constant('end' as const),
    how: fc.constantFrom<WatchEnding[]>('end', 'gone', 'reset', 'cut', 'silent'),
  }),
  fc.record({ kind: fc.constant('disturb' as const), disturbance, times: fc.integer({ min: 1, max: 4 }) }),
)

/** A fake server and what its slices say. */
class World {
  readonly server: FakeKubernetes
  readonly #slices = new Map<number, readonly number[]>()
  readonly #callOffs: (() => void)[] = []
  #tokens = 0

  constructor(server: FakeKubernetes) {
    this.server = server
  }

  get names(): string[] {
    return [...new Set([...this.#slices.values()].flat())].map((pod) => `web-${pod}`).sort()
  }

  async do(step: Step): Promise<void> {
    const { server } = this
    switch (step.kind) {
      case 'put':
        this.#slices.set(step.slice, step.pods)
        server.put(
          slice(`web-s${step.slice}`, Object.fromEntries(step.pods.map((pod) => [`web-${pod}`, pod]))),
        )
        return
      case 'remove':
        this.#slices.delete(step.slice)
        server.remove('EndpointSlice', 'default', `web-s${step.slice}`)
        return
      case 'compact':
        return server.compact()
      case 'bookmark':
        return server.bookmark()
      case 'restart':
        await server.stop()
        return server.start()
      case 'token':
        return server.setToken(`token-${++this.#tokens}`)
      case 'watch-list':
        return server.setWatchList(step.support)
      case 'end':
        return server.endWatches(step.how)
      case 'disturb':
        this.#callOffs.push(server.disturb({ ...step.disturbance, times: step.times }))
        return
      case 'pause':
        await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  calm(): void {
    for (const callOff of this.#callOffs) callOff()
  }
}

describe('kubernetes() after any history of slices, with any faults', () => {
  it('ends at the endpoints that there are, within bounds of requests', { timeout: 120_000 }, async () => {
    const steps = fc.array(fc.oneof({ weight: 2, arbitrary: change }, { weight: 1, arbitrary: fault }), {
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (history, seed) => {
        await using server = await fakeKubernetes({ bookmarkEveryMs: 20 })
        const world = new World(server)
        const clock = hurriedClock(FACTOR)
        const { url, ca } = server
        const api = {
          namespace: 'default',
          // The newest token each time, as a mounted file has it.
          ...forwarding(() => clusterApi({ server: url, ca, token: server.token, responseTimeoutMs: 500 })),
        }
        const web = new Followed(server, {
          api,
          clock,
          random: fakeRandom(seed),
          silenceMs: 60_000,
          retryBaseMs: 800,
          retryMaxMs: 30_000,
        })
        try {
          for (const step of history) await world.do(step)
          world.calm()
          await until(
            () => (web.sets.length > 0 && `${[...web.names].sort()}` === `${world.names}` ? true : undefined),
            `endpoints ${world.names}`,
            20_000,
          ).catch((error) => {
            throw new Error(
              `${error.message}, got ${web.names}; ${web.errors.map(({ message }) => message).join('\n')}`,
            )
          })
          expect(mostInAMinute(server.requests.map(({ at }) => at * FACTOR))).toBeLessThanOrEqual(40)
          for (let index = 1; index < web.sets.length; index++)
            expect(web.sets[index]).not.toBe(web.sets[index - 1])
        } finally {
          await web.end()
        }
        await until(() => (server.watchers === 0 ? true : undefined), 'no watch')
      }),
      { numRuns: 25 },
    )
  })
})

function forwarding(
  make: () => ReturnType<typeof clusterApi>,
): Pick<ReturnType<typeof clusterApi>, 'list' | 'watch'> {
  return {
    list: (...args) => make().list(...args),
    watch: (...args) => make().watch(...args),
  }
}

function mostInAMinute(times: readonly number[]): number {
  return Math.max(
    0,
    ...times.map((from) => times.filter((time) => time >= from && time < from + 60_000).length),
  )
}
