import assert from 'node:assert/strict'
import type { Discovery } from '../discovery/discovery.ts'
import type { EndpointInit } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { TestRegistry } from './test-registry.ts'

/** A discovery made for one case, with a way to change what it finds. @public */
export interface DiscoveryUnderTest {
  readonly discovery: Discovery
  /** Makes exactly these endpoints the ones to be found. Resolves when the source has them. */
  readonly change: (endpoints: readonly EndpointInit[]) => MaybePromise<void>
  /** Stops what the case has started. */
  readonly close?: () => MaybePromise<void>
}

/** @public */
export interface DiscoveryConformanceOptions {
  readonly registry: TestRegistry
  /** Stands in the name of the suite. */
  readonly name: string
  /** Makes a discovery that finds exactly these endpoints. Called once for each case. */
  readonly create: (endpoints: readonly EndpointInit[]) => MaybePromise<DiscoveryUnderTest>
  /** The longest time, in milliseconds, until a change is seen; a case that waits longer fails. Default 5 000. */
  readonly patienceMs?: number
}

const POD_1: EndpointInit = { name: 'pod-1', host: '10.0.0.1', port: 8080 }
const POD_2: EndpointInit = { name: 'pod-2', host: '10.0.0.2', port: 8080 }
const POD_3: EndpointInit = { name: 'pod-3', host: '10.0.0.3', port: 8080 }

/**
 * The contract of {@link Discovery} as test cases. Endpoints are compared by host and port, since a discovery may know
 * no names.
 *
 * @public
 */
export function discoveryConformance(options: DiscoveryConformanceOptions): void {
  const { registry, name, create, patienceMs = 5_000 } = options

  const it = (title: string, run: (test: DiscoveryUnderTest) => Promise<void>) =>
    registry.it(title, async () => {
      const test = await create([POD_1, POD_2])
      try {
        await run(test)
      } finally {
        await test.close?.()
      }
    })

  registry.describe(`${name} is a discovery`, () => {
    it('gives the first snapshot without being told of a change', async ({ discovery }) => {
      const watch = new RecordedWatch(discovery, patienceMs)
      assert.deepEqual(addresses(await watch.snapshot(0)), ['10.0.0.1:8080', '10.0.0.2:8080'])
      await watch.end()
    })

    it('gives another snapshot when an endpoint came or went', async ({ discovery, change }) => {
      const watch = new RecordedWatch(discovery, patienceMs)
      await watch.snapshot(0)
      await change([POD_1, POD_2, POD_3])
      assert.deepEqual(addresses(await watch.last(3)), ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080'])
      await change([POD_3])
      assert.deepEqual(addresses(await watch.last(1)), ['10.0.0.3:8080'])
      await watch.end()
    })

    it('leaves a snapshot that it gave as it was', async ({ discovery, change }) => {
      const watch = new RecordedWatch(discovery, patienceMs)
      const first = await watch.snapshot(0)
      await change([POD_3])
      await watch.last(1)
      assert.deepEqual(addresses(first), ['10.0.0.1:8080', '10.0.0.2:8080'])
      await watch.end()
    })

    it('never gives two equal snapshots in a row', async ({ discovery, change }) => {
      const watch = new RecordedWatch(discovery, patienceMs)
      await watch.snapshot(0)
      await change([POD_1, POD_2])
      await change([POD_1, POD_2, POD_3])
      await watch.last(3)
      assert.equal(watch.snapshots.length, 2)
      await watch.end()
    })

    it('resolves when the signal aborts, and is silent after', async ({ discovery, change }) => {
      const watch = new RecordedWatch(discovery, patienceMs)
      await watch.snapshot(0)
      await watch.end()
      const given = watch.snapshots.length
      const other = new RecordedWatch(discovery, patienceMs)
      await other.snapshot(0)
      await change([POD_3])
      await other.last(1)
      assert.equal(watch.snapshots.length, given)
      await other.end()
    })

    it('gives nothing to a watch whose signal has aborted before', async ({ discovery }) => {
      let calls = 0
      await discovery.watch(() => calls++, AbortSignal.abort())
      assert.equal(calls, 0)
    })

    it('serves several watches independently', async ({ discovery, change }) => {
      const [one, two] = [new RecordedWatch(discovery, patienceMs), new RecordedWatch(discovery, patienceMs)]
      await Promise.all([one.snapshot(0), two.snapshot(0)])
      await one.end()
      await change([POD_3])
      assert.deepEqual(addresses(await two.last(1)), ['10.0.0.3:8080'])
      await two.end()
    })
  })
}

function addresses(set: EndpointSet): string[] {
  return set.endpoints.map(({ host, port }) => `${host}:${port}`).sort()
}

/** A watch that keeps its snapshots and waits for those to come. */
class RecordedWatch {
  readonly snapshots: EndpointSet[] = []
  readonly #patienceMs: number
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>
  #arrived = (): void => undefined

  constructor(discovery: Discovery, patienceMs: number) {
    this.#patienceMs = patienceMs
    this.#ended = discovery.watch((set) => {
      this.snapshots.push(set)
      this.#arrived()
    }, this.#abort.signal)
    // A watch that fails is noticed by `end()`; until then it must not be an unhandled rejection.
    this.#ended.catch(() => undefined)
  }

  snapshot(index: number): Promise<EndpointSet> {
    return this.#until(() => this.snapshots[index], `snapshot ${index}`)
  }

  /** The newest snapshot, once it has this many endpoints. */
  last(size: number): Promise<EndpointSet> {
    const ready = () => (this.snapshots.at(-1)?.endpoints.length === size ? this.snapshots.at(-1) : undefined)
    return this.#until(ready, `a snapshot of ${size} endpoints`)
  }

  async end(): Promise<void> {
    this.#abort.abort()
    await this.#ended
  }

  #until(ready: () => EndpointSet | undefined, what: string): Promise<EndpointSet> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new assert.AssertionError({ message: `no ${what} within ${this.#patienceMs} ms` })),
        this.#patienceMs,
      )
      const check = () => {
        const set = ready()
        if (!set) return
        clearTimeout(timer)
        this.#arrived = () => undefined
        resolve(set)
      }
      this.#arrived = check
      check()
    })
  }
}
