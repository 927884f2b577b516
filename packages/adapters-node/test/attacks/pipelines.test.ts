import { describe, expect, it } from 'vitest'
import { head, openAttackers } from './attackers.ts'
import { withstand } from './withstand.ts'

/** More than a client has reason to send ahead. */
const PIPELINED = 1_000

describe('pipelined requests', { timeout: 60_000 }, () => {
  it('reach the pods one after the other, and end with their connection', async () => {
    await withstand(async ({ port, state }) => {
      const attackers = await openAttackers(port, 5)
      for (const attacker of attackers) attacker.send(head('/silent').repeat(PIPELINED))
      // The connections behind these are served: what was sent before was read.
      const { inFlight } = await state()
      expect(inFlight).toBeLessThanOrEqual(attackers.length + 1)
      for (const attacker of attackers) attacker.abort()
    })
  })

  it('end with a client that goes away while the first is answered', async () => {
    await withstand(async ({ port }) => {
      const attackers = await openAttackers(port, 20)
      for (const attacker of attackers) attacker.send(head('/trickle') + head('/silent').repeat(9))
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 200 /)
      for (const attacker of attackers) attacker.abort()
    })
  })
})
