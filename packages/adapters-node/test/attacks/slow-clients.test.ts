import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { sharedScene } from './scene.ts'
import { type Attack, together, withstand } from './withstand.ts'

const KIB = 1_024
/** Far below `idleTimeoutMs` of the gateways here: what comes that often never is silence. */
const DRIP_MS = 20

/** Sends one more byte again and again, until the gateway has had enough. */
const drip =
  (count: number, start: string): Attack =>
  async ({ port }) => {
    const attackers = await openAttackers(port, count)
    await Promise.all(
      attackers.map(({ socket, closed }) => {
        socket.write(start)
        const timer = setInterval(() => socket.write('a'), DRIP_MS)
        return closed.then(() => clearInterval(timer))
      }),
    )
  }

const slowLoris = drip(200, 'GET / HTTP/1.1\r\nHost: gateway\r\nx-slow: ')
const slowBody = drip(100, head('/', ['Content-Length: 1000000', 'x-session: slow'], 'POST'))

const stoppedBody: Attack = async ({ port }) => {
  const attackers = await openAttackers(port, 100)
  for (const attacker of attackers) attacker.send(`${head('/', ['Content-Length: 9'], 'POST')}half`)
  for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 408 /)
  await ended(attackers)
}

/** A response that nobody reads is held back at its pod. */
const slowRead: Attack = async ({ port, state, relieved }) => {
  const { external: unloaded } = await state({ collects: true })
  const attackers = await openAttackers(port, 50, 'nothing')
  for (const attacker of attackers) attacker.send(head(`/bytes/${64 * KIB * KIB}`))
  const { most } = await relieved(attackers, { collects: true })
  // What is read of the pod and what is written to the client, once each.
  expect(most - unloaded).toBeLessThan(attackers.length * 256 * KIB)
}

describe('slow clients', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    forward: { idleTimeoutMs: 500 },
    limits: { headTimeoutMs: 1_500, requestTimeoutMs: 2_000, keepAliveMs: 500 },
  })

  it('that send heads and bodies byte by byte, or stop, are cut at headTimeoutMs, requestTimeoutMs, idleTimeoutMs', async () => {
    await withstand(scene(), together(slowLoris, slowBody, stoppedBody))
  })

  it('that do not read are cut at idleTimeoutMs, and hold back their pod', async () => {
    await withstand(scene(), slowRead)
  })
})
