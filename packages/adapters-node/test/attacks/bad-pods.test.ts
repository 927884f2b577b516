import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { keyElsewhere } from './bystander.ts'
import { sharedScene } from './scene.ts'
import { withstand } from './withstand.ts'

const COUNT = 100

describe('bad pods', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    forward: { responseTimeoutMs: 1_500, maxHeadBytes: 1_024 },
  })

  it('that never answer cost each request responseTimeoutMs', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT)
      for (const attacker of attackers) attacker.send(head('/silent', ['Connection: close']))
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 504 /)
      await ended(attackers)
    })
  })

  it('that send a head byte by byte are held to maxHeadBytes', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT / 4)
      for (const attacker of attackers) attacker.send(head('/drip', ['Connection: close']))
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 502 /)
      await ended(attackers)
    })
  })
})

describe('pods at their limit', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    forward: {
      maxRequestsPerEndpoint: 2,
      maxQueuedPerEndpoint: 10,
      queueTimeoutMs: 300,
      responseTimeoutMs: 1_500,
    },
  })

  it('make requests wait, but no more than maxQueuedPerEndpoint', async () => {
    await withstand(scene(), async (scene) => {
      const key = await keyElsewhere(scene)
      const attackers = await openAttackers(scene.port, COUNT)
      const lines = ['Connection: close', `x-session: ${key}`, 'Content-Length: 0']
      for (const attacker of attackers) attacker.send(head('/silent', lines, 'POST'))
      const answers = await Promise.all(attackers.map(({ answered }) => answered))
      const statuses = answers.map((answer) => answer.slice(9, 12))
      // Two are silent at their pod; the others waited in vain, or were too many to wait.
      expect(statuses.filter((status) => status === '504').length).toBe(2)
      expect(statuses.filter((status) => status === '503').length).toBe(COUNT - 2)
      await ended(attackers)
    })
  })
})
