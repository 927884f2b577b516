import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import { type NearCache, nearCache } from '../../../src/table/near/near-cache.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { RemoteStore, testInvalidations, type Wire } from '../../support/remote-store.ts'
import { settled } from '../../support/settled.ts'

const AGE = 100
/** How late an invalidation may be. */
const DELAY = 30
const KEYS = ['a', 'b']
const PODS = ['pod-1', 'pod-2', 'pod-3']

/** Of what replicas are told: of changes, of each write, or of nothing, though the source says otherwise in the last case. */
type Told = 'changes' | 'writes' | 'nothing' | 'lies'

/** What stood for a key, from when to when. */
interface Span {
  readonly version: Binding['version'] | undefined
  until: number
}

/**
 * Replicas, each with a near cache over one store that is reached over a network: calls take effect and answers come in any order,
 * invalidations late, out of order, and not at all while they are lost. Every answer is held against what stood.
 */
class World {
  readonly clock: FakeClock = fakeClock(0)
  readonly #store = new RemoteStore(this.clock, { idleTimeoutMs: 1_000 })
  readonly #events: (() => void)[] = []
  readonly #spans = new Map<string, Span[]>()
  readonly #replicas: { readonly near: NearCache; readonly lose: (isLost: boolean) => void }[]
  readonly #seen: Map<string, Binding>[]
  /** Invalidations that must be delivered before time passes. */
  readonly #due: { readonly at: number; readonly deliver: () => void }[] = []
  readonly violations: string[] = []
  reads = 0

  constructor(count: number, told: Told) {
    for (const key of KEYS) this.#spans.set(key, [{ version: undefined, until: Number.POSITIVE_INFINITY }])
    this.#store.watch((key) => this.#note(key))
    this.#replicas = Array.from({ length: count }, () => this.#replica(told))
    this.#seen = this.#replicas.map(() => new Map())
  }

  #replica(told: Told): {
    readonly near: NearCache
    readonly lose: (isLost: boolean) => void
  } {
    const wire: Wire = <T>(_operation: string, act: () => T) =>
      new Promise<T>((resolve) => {
        this.#events.push(() => {
          const answer = act()
          this.#events.push(() => resolve(answer))
        })
      })
    const source = testInvalidations()
    const hasInvalidations = told !== 'nothing'
    let isLost = false
    if (hasInvalidations) source.tell.restored()
    this.#store.watch((key) => {
      const deliver = () => (told === 'writes' ? source.tell.written(key) : source.tell.changed(key))
      if (told !== 'lies' && !isLost) this.#due.push({ at: this.clock.now() + DELAY, deliver })
    })
    const near = nearCache(this.#store.table(wire), {
      clock: this.clock,
      maxAgeMs: AGE,
      maxWatchedAgeMs: Number.POSITIVE_INFINITY,
      ...(hasInvalidations && { invalidations: source }),
    })
    return {
      near,
      lose: (lost) => {
        isLost = lost
        if (!hasInvalidations) return
        if (lost) source.tell.lost()
        else source.tell.restored()
      },
    }
  }

  async lookup(index: number, key: string): Promise<void> {
    const asked = this.clock.now()
    const answer = this.#near(index).lookup(key)
    void Promise.resolve(answer).then((binding) => this.#judge(index, key, binding, asked))
    await settled()
  }

  claim(index: number, key: string, identity: Identity): void {
    void Promise.resolve(this.#near(index).claim(key, identity)).then(({ binding }) => {
      if (binding) this.#seen[index]?.set(key, binding)
    })
  }

  move(index: number, key: string, identity: Identity): void {
    const from = this.#seen[index]?.get(key)
    if (from) void this.#near(index).move(key, from, identity)
  }

  release(index: number, key: string): void {
    void this.#near(index).release(key)
  }

  lose(index: number, isLost: boolean): void {
    this.#replicas[index]?.lose(isLost)
  }

  async step(choice: number): Promise<void> {
    const [event] = this.#events.splice(choice % Math.max(1, this.#events.length), 1)
    event?.()
    await settled()
  }

  /** An invalidation overtakes others. */
  deliver(choice: number): void {
    const [one] = this.#due.splice(choice % Math.max(1, this.#due.length), 1)
    one?.deliver()
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed++) {
      this.clock.advance(1)
      while (this.#due[0] && this.#due.some(({ at }) => at <= this.clock.now())) {
        const index = this.#due.findIndex(({ at }) => at <= this.clock.now())
        this.#due.splice(index, 1)[0]?.deliver()
      }
    }
    await settled()
  }

  async end(): Promise<void> {
    while (this.#events.length > 0) await this.step(0)
    await this.pass(AGE + DELAY)
    for (const [index] of this.#replicas.entries()) for (const key of KEYS) await this.lookup(index, key)
    while (this.#events.length > 0) await this.step(0)
    for (const { near } of this.#replicas) await near.close()
  }

  /** An answer stood at some moment since the bound before it was asked for. */
  #judge(index: number, key: string, binding: Binding | undefined, asked: number): void {
    this.reads++
    if (binding) this.#seen[index]?.set(key, binding)
    const oldest = asked - Math.max(AGE, DELAY)
    const spans = this.#spans.get(key) as Span[]
    const standing = this.#store.standing(key)
    const isTrue = spans.some(
      ({ version, until }) =>
        version === binding?.version && (until >= oldest || version === standing?.version),
    )
    // A binding that ended by its time was not told of.
    if (isTrue || (binding === undefined && standing === undefined)) return
    this.violations.push(`replica ${index} answered ${key} → ${binding?.identity} of long ago`)
  }

  #near(index: number): NearCache {
    return this.#replicas[index]?.near ?? expect.unreachable('no such replica')
  }

  #note(key: string): void {
    const spans = this.#spans.get(key) as Span[]
    const last = spans.at(-1) as Span
    const version = this.#store.standing(key)?.version
    if (last.version === version) return
    last.until = this.clock.now()
    spans.push({ version, until: Number.POSITIVE_INFINITY })
  }
}

type Act = (world: World) => void | Promise<void>
const replica = fc.nat(1)
const key = fc.constantFrom(...KEYS)
const identity = fc.constantFrom(...PODS)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(replica, key).map(
      ([of, its]): Act =>
        (world) =>
          world.lookup(of, its),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(replica, key, identity).map(
      (of): Act =>
        (world) =>
          world.claim(...of),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(replica, key, identity).map(
      (of): Act =>
        (world) =>
          world.move(...of),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(replica, key).map(
      (of): Act =>
        (world) =>
          world.release(...of),
    ),
  },
  {
    weight: 20,
    arbitrary: fc.nat().map(
      (choice): Act =>
        (world) =>
          world.step(choice),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat().map(
      (choice): Act =>
        (world) =>
          world.deliver(choice),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 150 }).map(
      (ms): Act =>
        (world) =>
          world.pass(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(replica, fc.boolean()).map(
      (of): Act =>
        (world) =>
          world.lose(...of),
    ),
  },
)

const acts = fc.array(act, { minLength: 100, maxLength: 400, size: 'max' })

describe('two replicas with near caches over one table', () => {
  it.each(['changes', 'writes', 'nothing'] as const)(
    'serve nothing older than the stated bound; told of: %s',
    async (told) => {
      let reads = 0
      await fc.assert(
        fc.asyncProperty(acts, async (sequence) => {
          const world = new World(2, told)
          for (const one of sequence) await one(world)
          await world.end()
          expect(world.violations).toEqual([])
          reads += world.reads
        }),
        { numRuns: 100 },
      )
      expect(reads).toBeGreaterThan(500)
    },
  )
  it('would be caught with a source that does not tell what it says it tells', async () => {
    const law = fc.asyncProperty(acts, async (sequence) => {
      const world = new World(2, 'lies')
      for (const one of sequence) await one(world)
      await world.end()
      return world.violations.length === 0
    })
    expect((await fc.check(law, { numRuns: 100, endOnFailure: true })).failed).toBe(true)
  })
})
