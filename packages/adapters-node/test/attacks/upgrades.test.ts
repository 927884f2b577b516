import { describe, expect, it } from 'vitest'
import { type Attacker, head, openAttackers, UPGRADE } from './attackers.ts'
import { sharedScene } from './scene.ts'
import { type Attack, together, withstand } from './withstand.ts'

const COUNT = 300

async function upgraded(port: number, target = '/'): Promise<Attacker[]> {
  const attackers = await openAttackers(port, COUNT)
  for (const attacker of attackers) attacker.send(head(target, UPGRADE))
  return attackers
}

describe('upgrade floods', { timeout: 60_000 }, () => {
  const scene = sharedScene({ forward: { responseTimeoutMs: 1_500 } })

  it('streams that are cut by their clients', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await upgraded(port)
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 101 /)
      for (const attacker of attackers) attacker.abort()
    })
  })

  it('clients that go away before the answer', async () => {
    await withstand(scene(), async ({ port }) => {
      for (const attacker of await upgraded(port)) attacker.abort()
    })
  })

  it('pods that never answer or refuse, and clients that keep their side open', async () => {
    const answered =
      (target: string, expected: RegExp): Attack =>
      async ({ port, relieved }) => {
        const attackers = await upgraded(port, target)
        for (const { answered } of attackers) expect(await answered).toMatch(expected)
        await relieved(attackers)
      }
    const ofPod = answered('/refused', /^HTTP\/1.1 403 /)
    const ofOurs = answered('/silent', /^HTTP\/1.1 504 /)
    await withstand(scene(), together(ofPod, ofOurs))
  })
})
