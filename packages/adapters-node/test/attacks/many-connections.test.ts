import { describe, expect, it } from 'vitest'
import { openFilesLimit } from '../../bench/soak/process-state.ts'
import { type Attacker, ended, head, openAttackers } from './attackers.ts'
import { type Scene, sharedScene, startScene } from './scene.ts'
import { withstand } from './withstand.ts'

/** Descriptors that the processes need besides. */
const OWN_DESCRIPTORS = 500
const WANTED = 10_000
const MOST = Math.min(WANTED, openFilesLimit() - OWN_DESCRIPTORS)
if (MOST < WANTED)
  console.log(`only ${MOST} idle connections: the limit of open files is ${openFilesLimit()}`)

/** Node keeps a socket, its parser and the state of both for each connection. */
const MOST_BYTES_EACH = 16 * 1_024

describe('many connections', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    // 10 000 connections take seconds to open.
    limits: { headTimeoutMs: 60_000, keepAliveMs: 60_000, maxConnections: 2 * WANTED },
  })

  it(`${MOST} idle ones leave others served, and leave nothing behind`, async () => {
    const attack = async ({ port, state }: Scene) => {
      const { heapUsed, external, descriptors = 0 } = await state({ collects: true })
      const attackers = await openAttackers(port, MOST)
      // One half never says a word, the other half was served once.
      const served = attackers.slice(MOST / 2)
      for (const attacker of served) attacker.send(head('/', ['x-session: idle']))
      for (const { answered } of served) expect(await answered).toMatch(/^HTTP\/1.1 200 /)
      const held = await state({ collects: true })
      if (held.descriptors !== undefined) expect(held.descriptors - descriptors).toBeGreaterThan(MOST * 0.99)
      expect((held.heapUsed - heapUsed + held.external - external) / MOST).toBeLessThan(MOST_BYTES_EACH)
      for (const attacker of attackers) attacker.abort()
    }
    await withstand(scene(), attack, { rounds: 2, heapMargin: 2 * 1_024 * 1_024 })
  })

  it('more than maxConnections are closed when they come, and those that stand are served', async () => {
    const most = 200
    const limited = await startScene({ limits: { maxConnections: most } })
    try {
      for (let round = 0; round < 3; round++) {
        const attackers = await openAttackers(limited.port, most + 100)
        for (const attacker of attackers) attacker.send(head('/'))
        const answers = await Promise.all(attackers.map(({ answered }) => answered))
        expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200 ')).length).toBe(most)
        for (const attacker of attackers) attacker.abort()
        expect((await limited.calm()).complaints).toEqual([])
      }
    } finally {
      await limited.stop()
    }
  })

  it('churn: connections that come and go, with and without a request, polite and not', async () => {
    const ways: ((attacker: Attacker) => unknown)[] = [
      (attacker) => attacker.abort(),
      ({ socket }) => socket.destroy(),
      ({ socket }) => socket.end(head('/', ['Connection: close'])),
      (attacker) => attacker.send(head('/')).abort(),
      (attacker) => attacker.send('GET / HT').abort(),
      (attacker) => attacker.send('nonsense\r\n\r\n').answered.then(() => attacker.abort()),
      (attacker) => attacker.send(head('/')).answered.then(() => attacker.abort()),
    ]
    await withstand(scene(), async ({ port }) => {
      for (const way of ways) {
        const attackers = await openAttackers(port, 250)
        for (const attacker of attackers) void way(attacker)
        await ended(attackers)
      }
    })
  })
})
