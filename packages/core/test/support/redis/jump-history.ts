import fc from 'fast-check'
import { expect } from 'vitest'
import type { Binding } from '../../../src/table/sticky-table.ts'
import type { JumpingGateway, JumpingGateways } from './jumping-gateways.ts'
import type { Rule12 } from './rule-12.ts'

const HOUR = 3_600_000
/** Such that no time that passes makes up for one, to the millisecond: a clock that shows again what it showed is taken to stand still. */
const JUMPS = [HOUR, -HOUR, 5_000, -5_000, 60_000, -60_000].map((ms) => ms + 0.5)

/** A call of a gateway, whose clock jumps by so much while it is under way. */
type CallStep = { readonly by: number; readonly key: string; readonly jump: number } & (
  | { readonly what: 'lookup' | 'claim' | 'touch' | 'release' }
  | { readonly what: 'move'; readonly isStale: boolean }
)

/** What happens to three gateways on one table. */
export type JumpStep =
  | CallStep
  | { readonly what: 'advance'; readonly ms: number }
  | { readonly what: 'pause'; readonly by: number; readonly ms: number }
  | { readonly what: 'jump'; readonly by: number; readonly ms: number }

export function jumpHistory(idleMs: number, absoluteMs: number): fc.Arbitrary<JumpStep[]> {
  const by = fc.integer({ min: 0, max: 2 })
  const key = fc.constantFrom('a', 'b')
  /** How far the clock of the gateway jumps while the call is under way. */
  const jump = fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(...JUMPS) },
  )
  const passed = fc.oneof(
    fc.integer({ min: 200, max: idleMs / 2 }),
    fc.constantFrom(idleMs * 0.24, idleMs - 200, idleMs * 1.25 + 200, absoluteMs + 200),
  )
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ what: fc.constantFrom('lookup', 'claim', 'touch'), by, key, jump }),
      },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('release'), by, key, jump }) },
      {
        weight: 2,
        arbitrary: fc.record({ what: fc.constant('move'), by, key, jump, isStale: fc.boolean() }),
      },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('advance'), ms: passed }) },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant('pause'), by, ms: fc.oneof(passed, fc.constant(HOUR)) }),
      },
      { weight: 2, arbitrary: fc.record({ what: fc.constant('jump'), by, ms: fc.constantFrom(...JUMPS) }) },
    ),
    { minLength: 5, maxLength: 40 },
  ) as fc.Arbitrary<JumpStep[]>
}

/** Goes through a history on real tables, and holds each answer against the model. */
export async function livesThrough(
  history: readonly JumpStep[],
  world: JumpingGateways,
  model: Rule12,
  idleMs: number,
): Promise<void> {
  /** Gateways that do not know that their estimate is wrong. */
  const unaware = new Set<JumpingGateway>()
  /** How far clocks have jumped since their gateway's last call. */
  const jumped = new Map<JumpingGateway, number>()
  const seen = new Map<string, Binding>()
  for (const step of history) {
    if (step.what === 'advance') {
      await world.advance(step.ms)
      continue
    }
    const gateway = world.gateways[step.by] as JumpingGateway
    if (step.what === 'jump') {
      gateway.jump(step.ms)
      jumped.set(gateway, (jumped.get(gateway) ?? 0) + step.ms)
      continue
    }
    if (step.what === 'pause') {
      await world.pause(gateway, step.ms)
      unaware.add(gateway)
      continue
    }
    if ((jumped.get(gateway) ?? 0) !== 0) unaware.delete(gateway)
    jumped.delete(gateway)
    await holds(world, model, step, gateway, seen, !unaware.has(gateway), idleMs)
    await world.settled()
  }
}

async function holds(
  { server }: JumpingGateways,
  model: Rule12,
  step: CallStep,
  gateway: JumpingGateway,
  seen: Map<string, Binding>,
  isSure: boolean,
  idleMs: number,
): Promise<void> {
  const now = server.now()
  const { key } = step
  const must = model.standing(key, now)
  const before = model.versionOf(key)
  const mine = `${key} ${step.by}`
  const whileJumping = <T>(call: Promise<T>): Promise<T> => {
    if (step.jump !== 0) gateway.jump(step.jump)
    return call
  }
  const checkSame = (binding: Binding | undefined, isUse = true) => {
    expect(binding?.version).toBe(before)
    if (isUse) model.used(key, now, isSure)
  }
  const checkTimes = (binding: Binding | undefined) => {
    if (binding === undefined) return
    seen.set(mine, binding)
    if (!isSure) return
    const left = binding.expiresAt - gateway.clock.now()
    expect(left).toBeGreaterThan(-100)
    expect(left).toBeLessThanOrEqual(idleMs * 1.25 + 100)
  }
  switch (step.what) {
    case 'lookup': {
      const binding = await whileJumping(gateway.table.lookup(key) as Promise<Binding | undefined>)
      if (must === 'stands') expect(binding).toBeDefined()
      if (must === 'is over') expect(binding).toBeUndefined()
      if (binding === undefined) model.ended(key)
      else checkSame(binding)
      return checkTimes(binding)
    }
    case 'claim': {
      const { binding, created } = await whileJumping(
        Promise.resolve(gateway.table.claim(key, `by-${step.by}`)),
      )
      if (must !== 'either') expect(created).toBe(must === 'is over')
      if (created) model.made(key, binding.version, now)
      else checkSame(binding)
      return checkTimes(binding)
    }
    case 'move': {
      const standing = seen.get(mine) ?? { identity: 'x', version: 'none00', createdAt: 0, expiresAt: 0 }
      const from = step.isStale ? { ...standing, version: 'stale0' } : standing
      const { binding, moved } = await whileJumping(
        Promise.resolve(gateway.table.move(key, from, `to-${step.by}`)),
      )
      if (must === 'is over') expect(moved).toBe(true)
      if (must === 'stands') expect(moved).toBe(from.version === before)
      if (!moved) checkSame(binding, false)
      else if (must === 'either' && binding?.createdAt === binding?.movedAt)
        model.made(key, binding?.version ?? '', now)
      else
        model.made(
          key,
          binding?.version ?? '',
          now,
          binding?.movedAt === undefined ? undefined : from.version,
        )
      return checkTimes(binding)
    }
    case 'touch': {
      const binding = seen.get(mine)
      if (binding === undefined) return
      await whileJumping(Promise.resolve(gateway.table.touch(key, binding)))
      if (binding.version === before && must !== 'is over') model.used(key, now, isSure && must === 'stands')
      return
    }
    case 'release': {
      const released = await whileJumping(Promise.resolve(gateway.table.release(key)))
      if (must !== 'either') expect(released).toBe(must === 'stands')
      return model.ended(key)
    }
  }
}
