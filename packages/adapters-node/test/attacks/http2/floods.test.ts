import { describe, expect, it } from 'vitest'
import { SPARE_DESCRIPTORS, sharedScene } from '../scene.ts'
import { withstand } from '../withstand.ts'
import { FLOODS, type Flood } from './floods.ts'
import { type Http2Attacker, openHttp2Attackers, requestFrame } from './http2-attacker.ts'

const COUNT = 4
const PARTS = 15_000
const AT_ONCE = 1_000

/** More streams than the flood has used. */
const LATER_STREAM = 2 * PARTS + 1

async function flood({ socket, send }: Http2Attacker, { start, part, parts = PARTS }: Flood): Promise<void> {
  if (start) await send(start)
  for (let i = 0; i < parts && !socket.destroyed; i += AT_ONCE) {
    await send(...Array.from({ length: Math.min(AT_ONCE, parts - i) }, (_, k) => part(i + k)))
  }
}

describe('floods of HTTP/2', { timeout: 60_000 }, () => {
  const scene = sharedScene({ protocol: 'http2' })

  it.each(FLOODS.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    await withstand(scene(), async ({ port, state }) => {
      const { descriptors: before = 0 } = await state()
      const attackers = await openHttp2Attackers(port, COUNT)
      await Promise.all(attackers.map((attacker) => flood(attacker, one)))
      if (one.end === 'ended') await Promise.all(attackers.map(({ closed }) => closed))
      if (one.end === 'served') {
        for (const attacker of attackers) void attacker.send(requestFrame(LATER_STREAM, '/'))
        for (const attacker of attackers) {
          await attacker.until(({ bytes }) => bytes > 0)
          expect(attacker.socket.destroyed).toBe(false)
        }
      }
      // Nothing but the connections themselves, and one to a pod for those that have asked for something.
      const { descriptors = 0 } = await state()
      expect(descriptors - before).toBeLessThanOrEqual(COUNT * 2 + SPARE_DESCRIPTORS)
      for (const attacker of attackers) attacker.abort()
    })
  })
})
