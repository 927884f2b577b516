import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChannelMessages } from '../src/channels.ts'
import { history, setup } from './support/laws/histories.ts'
import { brief } from './support/laws/judge.ts'
import { World } from './support/laws/world.ts'

const lives = fc.asyncProperty(setup, history, (given, happenings) => new World(given).live(happenings))

/** What the histories must come to, so that no law is kept for want of anything to keep it in. */
const REACHED = [
  ...['stuck', 'bound', 'moved', 'detour', 'keyless', 'overflow', 'fallback'],
  ...['refused lost 503', 'refused no-endpoints', 'refused at-capacity', 'refused closed'],
  ...['refused hold-timeout', 'refused queue-full'],
  ...['move gone', 'move not-ready', 'move terminated', 'move drained', 'move ejected', 'move unreachable'],
  ...['move corrected', 'move restored'],
  ...['drained drained', 'drained deadline', 'drained gone', 'drained undrained'],
  ...['health connect-failures', 'health errors', 'health ejection-over', 'health checks'],
]

/** Counts what the channels tell of while `act` runs. */
async function reachedBy(act: () => Promise<void>): Promise<Map<string, number>> {
  const reached = new Map<string, number>()
  const hearing = <Name extends keyof ChannelMessages>(
    channel: Name,
    words: (message: ChannelMessages[Name]) => string,
  ) => {
    const listener = (message: unknown) => {
      const word = words(message as ChannelMessages[Name])
      reached.set(word, (reached.get(word) ?? 0) + 1)
    }
    subscribe(channel, listener)
    return () => unsubscribe(channel, listener)
  }
  const ends = [
    hearing('limpet:route', ({ route }) => brief(route)),
    hearing('limpet:move', ({ cause }) => `move ${cause}`),
    hearing('limpet:drained', ({ outcome }) => `drained ${outcome.kind}`),
    hearing('limpet:health', ({ reason }) => `health ${reason}`),
  ]
  await act().finally(() => {
    for (const end of ends) end()
  })
  return reached
}

describe('whatever happens to health, drains, caps, policies and tables', { timeout: 60_000 }, () => {
  it('pools keep every law', async () => {
    await fc.assert(lives, { numRuns: Number(process.env.RUNS ?? 600) })
  })

  it('every kind of answer, move, drain and verdict comes up', async () => {
    const reached = await reachedBy(() => fc.assert(lives, { numRuns: 400, seed: 1 }))
    expect(REACHED.filter((word) => !reached.has(word))).toEqual([])
  })
})
