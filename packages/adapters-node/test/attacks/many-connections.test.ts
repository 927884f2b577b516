import { describe, expect, it } from 'vitest'
import { type Attacker, ended, head, openAttackers } from './attackers.ts'
import { openFilesLimit } from './state.ts'
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
  it(`${MOST} idle ones leave others served, and end at headersTimeout and keepAliveTimeout`, async () => {
    const each: number[] = []
    await withstand(
      async ({ port, state }) => {
        const { heapUsed, external, descriptors = 0 } = await state({ collects: true })
        const attackers = await openAttackers(port, MOST)
        // One half never says a word, the other half was served once.
        const served = attackers.slice(MOST / 2)
        for (const attacker of served) attacker.send(head('/', ['x-session: idle']))
        for (const { answered } of served) expect(await answered).toMatch(/^HTTP\/1.1 200 /)
        const held = await state({ collects: true })
        if (held.descriptors !== undefined)
          expect(held.descriptors - descriptors).toBeGreaterThan(MOST * 0.99)
        each.push((held.heapUsed - heapUsed + held.external - external) / MOST)
        await ended(attackers)
      },
      {
        rounds: 2,
        server: { headersTimeout: 5_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 100 },
        heapMargin: 2 * 1_024 * 1_024,
      },
    )
    expect(Math.max(...each)).toBeLessThan(MOST_BYTES_EACH)
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
    await withstand(async ({ port }) => {
      for (const way of ways) {
        const attackers = await openAttackers(port, 250)
        for (const attacker of attackers) void way(attacker)
        await ended(attackers)
      }
    })
  })
})
