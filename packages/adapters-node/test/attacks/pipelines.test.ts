import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { sharedScene } from './scene.ts'
import { withstand } from './withstand.ts'

const COUNT = 20

describe('pipelined requests', { timeout: 60_000 }, () => {
  const scene = sharedScene({ forward: { idleTimeoutMs: 500 } })

  it('reach the pods one after the other, and end with their connection', async () => {
    await withstand(scene(), async ({ port, state }) => {
      const attackers = await openAttackers(port, COUNT)
      for (const attacker of attackers) attacker.send(head('/trickle') + head('/silent').repeat(50))
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 200 /)
      const { inFlight } = await state()
      expect(inFlight).toBeGreaterThanOrEqual(COUNT)
      expect(inFlight).toBeLessThanOrEqual(COUNT + 1)
      for (const attacker of attackers) attacker.abort()
    })
  })

  it('that are more than anybody has reason to send ahead end their connection', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT / 4)
      for (const attacker of attackers) attacker.send(head('/silent').repeat(2_000))
      await ended(attackers)
    })
  })

  it('whose answers nobody reads end at idleTimeoutMs', async () => {
    await withstand(scene(), async ({ port, relieved }) => {
      const attackers = await openAttackers(port, COUNT, 'nothing')
      // Each answer is small enough to be complete here while the kernel takes no byte of it any more.
      for (const attacker of attackers) attacker.send(head('/bytes/60000').repeat(100))
      await relieved(attackers)
    })
  })
})
