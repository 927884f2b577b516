import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { sharedScene } from './scene.ts'
import { withstand } from './withstand.ts'

const COUNT = 200

/** Requests that their client breaks off once `when` resolves. */
const aborted = [
  ['a sized request body', head('/', ['Content-Length: 1000000'], 'POST') + 'a'.repeat(70_000), 'at once'],
  [
    'a chunked request body',
    `${head('/', ['Transfer-Encoding: chunked'], 'POST')}10000\r\n${'a'.repeat(65_536)}`,
    'at once',
  ],
  ['a request whose pod is silent', head('/silent'), 'at once'],
  ['a response', head('/bytes/2000000'), 'answered'],
  ['a response that trickles', head('/trickle'), 'answered'],
] as const

const cut = [
  ['in the middle of a response', '/half', /^HTTP\/1.1 200 /],
  ['instead of an answer', '/reset', /^HTTP\/1.1 502 /],
] as const

describe('broken bodies', { timeout: 60_000 }, () => {
  const scene = sharedScene()

  it.each(aborted)('%s, aborted by the client', async (_what, bytes, when) => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT, 'first')
      for (const attacker of attackers) attacker.send(bytes)
      if (when === 'answered') for (const { answered } of attackers) await answered
      for (const attacker of attackers) attacker.abort()
    })
  })

  it.each(cut)('connections reset by the pod %s', async (_what, target, expected) => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT)
      // A POST is never sent again, so each is one failure.
      for (const attacker of attackers)
        attacker.send(head(target, ['Content-Length: 0', 'Connection: close'], 'POST'))
      for (const { answered } of attackers) expect(await answered).toMatch(expected)
      await ended(attackers)
    })
  })

  it('bodies that go on after an early answer', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT)
      for (const attacker of attackers) {
        attacker.send(head('/early', ['Content-Length: 10000000'], 'POST')).send('a'.repeat(100_000))
      }
      for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 413 |^$/)
      for (const attacker of attackers) attacker.abort()
    })
  })
})
