import { expect, it } from 'vitest'
import { CALM_MS, type PlanOptions, planOf } from './plan.ts'

const OPTIONS: PlanOptions = {
  seed: 7,
  durationMs: 20_000,
  gateways: 4,
  endpoints: 5,
  keys: 2_000,
  faults: ['kill', 'pause', 'cut', 'stall', 'clock'],
}

it('a seed gives the same plan, and another seed another', () => {
  expect(planOf(OPTIONS)).toEqual(planOf(OPTIONS))
  expect(planOf({ ...OPTIONS, seed: 8 })).not.toEqual(planOf(OPTIONS))
})

it.each([1, 2, 3, 1_000, 2 ** 30])(
  'the plan of seed %d has every fault one after another, and a calm end',
  (seed) => {
    const steps = planOf({ ...OPTIONS, seed })
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b))
    const faults = steps.flatMap((step) => ('fault' in step ? [step] : []))
    expect(new Set(faults.map(({ fault }) => fault.kind))).toEqual(new Set(OPTIONS.faults))
    faults.forEach(({ what, fault }, index) => {
      expect(what).toBe(index % 2 === 0 ? 'begin' : 'end')
      expect(fault.id).toBe(`fault-${Math.floor(index / 2)}`)
    })
    expect(faults.at(-1)?.at).toBeLessThan(OPTIONS.durationMs - CALM_MS)
  },
)

it('at most two endpoints are dead at once, all are back at the end, and every gateway hears of it', () => {
  const dead = new Set<number>()
  const told = new Map<number, readonly number[]>()
  let deaths = 0
  for (const step of planOf(OPTIONS)) {
    if (step.what === 'discovery') told.set(step.gateway, step.dead)
    if (step.what !== 'endpoint') continue
    if (step.state === 'alive') dead.delete(step.endpoint)
    else {
      expect(dead.has(step.endpoint)).toBe(false)
      dead.add(step.endpoint)
      deaths++
    }
    expect(dead.size).toBeLessThanOrEqual(2)
  }
  expect(deaths).toBeGreaterThan(10)
  expect(dead.size).toBe(0)
  expect([...told.values()]).toEqual([[], [], [], []])
})

it('clocks jump by an hour forwards and back, in traffic and while their gateway has none', () => {
  const jumps = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const steps = planOf({ ...OPTIONS, seed, faults: ['clock', 'wall-clock'] })
    for (const step of steps) {
      if (step.what !== 'begin') continue
      const { kind, jumpMs, isIdle, gateway = -1 } = step.fault
      const around = steps.filter(
        (other) =>
          other.what === 'burst' &&
          Math.abs(other.at - step.at) <= 250 &&
          (other.keys[gateway]?.length ?? 0) > 0,
      )
      expect(around.length > 0).toBe(!isIdle)
      jumps.add(`${kind} ${jumpMs} ${isIdle ? 'idle' : 'in traffic'}`)
    }
  }
  for (const kind of ['clock', 'wall-clock'])
    for (const ms of [3_600_000, -3_600_000])
      for (const when of ['idle', 'in traffic']) expect(jumps).toContain(`${kind} ${ms} ${when}`)
})
