import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  EndpointSlice,
  SliceEndpoint,
} from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'
import type { SliceOptions } from '../../../../src/discovery/kubernetes/slices/slice-options.ts'
import { isSameSet } from '../../../../src/endpoint/endpoint-set.ts'
import { modelOf } from './model.ts'
import { DRAINING, NOT_READY, READY, slice, TERMINATED, Web } from './support.ts'

const CONDITIONS = [
  undefined,
  READY,
  NOT_READY,
  DRAINING,
  TERMINATED,
  { ready: true, serving: true, terminating: true },
]
/** Few of everything, so that moves, duplicates, restarts and reused addresses are common. */
const endpoint = fc
  .record({
    ordinal: fc.nat(5),
    /** A restart has another uid, and as a rule another address. */
    life: fc.nat(1),
    place: fc.nat(7),
    conditions: fc.constantFrom(...CONDITIONS),
    isBare: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  })
  .map(({ ordinal, life, place, conditions, isBare }) => ({ ordinal, life, place, conditions, isBare }))
type Listed = typeof endpoint extends fc.Arbitrary<infer T> ? T : never

/** Slices come in the family of their name. */
const NAMES = ['four-a', 'four-b', 'four-c', 'six-a', 'six-b']

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      name: fc.constantFrom(...NAMES),
      listed: fc.array(endpoint, { maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('removed' as const), name: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      from: fc.constantFrom(...NAMES),
      to: fc.constantFrom(...NAMES),
      isRemovedFirst: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replaced' as const), names: fc.subarray(NAMES) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function endpointOf(name: string, { ordinal, life, place, conditions, isBare }: Listed): SliceEndpoint {
  const address = name.startsWith('six') ? `fd00::${place + 1}` : `10.0.0.${place + 1}`
  return {
    addresses: [address],
    ...(conditions && { conditions }),
    ...(!isBare && { targetRef: { kind: 'Pod', name: `web-${ordinal}`, uid: `uid-${ordinal}-${life}` } }),
  }
}

function sliceOf(name: string, endpoints: readonly SliceEndpoint[]): EndpointSlice {
  return slice(name, endpoints, { addressType: name.startsWith('six') ? 'IPv6' : 'IPv4' })
}

/** Slices as the API server has them, and a reader that is told of every change. */
class History {
  readonly web: Web
  readonly slices = new Map<string, EndpointSlice>()
  taken = 0

  constructor(options: SliceOptions) {
    this.web = new Web({ moveGraceMs: 0, ...options })
  }

  apply(step: Step): void {
    if (step.kind === 'put')
      this.put(
        step.name,
        step.listed.map((listed) => endpointOf(step.name, listed)),
      )
    if (step.kind === 'removed' && this.slices.delete(step.name)) this.web.remove(step.name)
    if (step.kind === 'take') this.take()
    if (step.kind === 'replaced') {
      for (const name of NAMES) if (!step.names.includes(name)) this.slices.delete(name)
      this.web.endpoints.replaced([...this.slices.values()])
    }
    if (step.kind === 'move') this.move(step.from, step.to, step.isRemovedFirst)
  }

  take(): void {
    const before = this.web.set
    const next = this.web.endpoints.take()
    expect(next).toBeUndefined()
    expect(this.web.set).toBe(before)
    this.taken++
  }

  /** The first endpoint of one slice goes to another of its family. */
  move(from: string, to: string, isRemovedFirst: boolean): void {
    const [moving, ...rest] = this.slices.get(from)?.endpoints ?? []
    if (!moving || from === to || from.slice(0, 3) !== to.slice(0, 3)) return
    const steps = [
      () => this.put(from, rest),
      () => this.put(to, [...(this.slices.get(to)?.endpoints ?? []), moving]),
    ]
    for (const each of isRemovedFirst ? steps : steps.reverse()) each()
  }

  put(name: string, endpoints: readonly SliceEndpoint[]): void {
    const next = sliceOf(name, endpoints)
    this.slices.set(name, next)
    this.web.put(next)
  }

  get shown(): string[] {
    return this.web.set.endpoints.map(({ identity, host, conditions: { ready, serving, terminating } }) => {
      const state = terminating ? (serving ? 2 : 0) : ready ? 3 : 1
      return `${identity} ${host} ${state}`
    })
  }
}

describe('the endpoints of a Service', () => {
  const FAMILIES = {
    IPv4: ['IPv4'],
    IPv6: ['IPv6'],
    'prefer-IPv4': ['IPv4', 'IPv6'],
    'prefer-IPv6': ['IPv6', 'IPv4'],
  }

  it('are those of a model that reads all slices at once, after any history', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('name' as const, 'uid' as const, 'address' as const),
        fc.constantFrom('IPv4' as const, 'IPv6' as const, 'prefer-IPv4' as const, 'prefer-IPv6' as const),
        fc.array(step, { maxLength: 30 }),
        (identity, ipFamily, steps) => {
          const history = new History({ identity, ipFamily })
          for (const each of steps) {
            history.apply(each)
            if (each.kind !== 'take') continue
            const model = modelOf([...history.slices.values()], { identity, families: FAMILIES[ipFamily] })
            expect([...history.shown].sort()).toEqual(model)
          }
          const model = modelOf([...history.slices.values()], { identity, families: FAMILIES[ipFamily] })
          expect([...history.shown].sort()).toEqual(model)
          const identities = history.web.set.endpoints.map((each) => each.identity)
          expect(identities).toEqual([...identities].sort())
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are the same after any history as for a reader that only sees the end of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const history = new History({})
        for (const each of steps) history.apply(each)
        const late = new Web({ moveGraceMs: 0 }, [...history.slices.values()].reverse())
        expect(isSameSet(history.web.set, late.set)).toBe(true)
        expect(late.set.endpoints).toEqual(history.web.set.endpoints)
      }),
      { numRuns: 200 },
    )
  })

  it('lose nobody that is listed at the end of a grace, and keep nobody longer', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const history = new History({ moveGraceMs: 100 })
        for (const each of steps) {
          history.apply(each)
          const model = modelOf([...history.slices.values()], {
            identity: 'name',
            families: FAMILIES['prefer-IPv4'],
          })
          expect(history.shown).toEqual(expect.arrayContaining(model))
        }
        history.web.clock.advance(100)
        const model = modelOf([...history.slices.values()], {
          identity: 'name',
          families: FAMILIES['prefer-IPv4'],
        })
        expect([...history.shown].sort()).toEqual(model)
        expect(history.web.endpoints.dueAt).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('are the same objects where they are the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const history = new History({})
        for (const each of steps) {
          const before = history.web.set
          history.apply(each)
          const after = history.web.set
          if (isSameSet(before, after)) expect(after).toBe(before)
          for (const endpoint of after.endpoints) {
            const former = before.get(endpoint.identity)
            if (former && JSON.stringify(former) === JSON.stringify(endpoint)) expect(endpoint).toBe(former)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
