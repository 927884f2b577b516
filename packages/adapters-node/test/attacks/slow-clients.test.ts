import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { withstand } from './withstand.ts'

const KIB = 1_024
/** Far below `idleTimeoutMs` of the gateways here: what comes that often never is silence. */
const DRIP_MS = 20

/** Sends one more byte again and again, until the gateway has had enough. */
async function drip(attackers: Awaited<ReturnType<typeof openAttackers>>, start: string): Promise<void> {
  await Promise.all(
    attackers.map(({ socket, closed }) => {
      socket.write(start)
      const timer = setInterval(() => socket.write('a'), DRIP_MS)
      return closed.then(() => clearInterval(timer))
    }),
  )
}

describe('slow clients', { timeout: 60_000 }, () => {
  it('slow-loris: heads that never end are cut at headersTimeout', async () => {
    await withstand(
      async ({ port, pods }) => {
        const before = await pods()
        await drip(await openAttackers(port, 200), 'GET / HTTP/1.1\r\nHost: gateway\r\nx-slow: ')
        // Whoever is not heard out costs no pod anything.
        expect((await pods()).connections - before.connections).toBeLessThan(200 * 100)
      },
      { server: { headersTimeout: 500, connectionsCheckingInterval: 50 } },
    )
  })

  it('bodies that trickle are cut at requestTimeout', async () => {
    await withstand(
      async ({ port }) => {
        const attackers = await openAttackers(port, 100)
        await drip(attackers, head('/', ['Content-Length: 1000000', 'x-session: slow'], 'POST'))
      },
      {
        server: { headersTimeout: 500, requestTimeout: 700, connectionsCheckingInterval: 50 },
        forward: { idleTimeoutMs: 10_000 },
      },
    )
  })

  it('bodies that stop are answered 408, and the pod is let go', async () => {
    await withstand(
      async ({ port }) => {
        const attackers = await openAttackers(port, 100)
        for (const attacker of attackers) attacker.send(`${head('/', ['Content-Length: 9'], 'POST')}half`)
        for (const { answered } of attackers) expect(await answered).toMatch(/^HTTP\/1.1 408 /)
        await ended(attackers)
      },
      { forward: { responseTimeoutMs: 1_000, idleTimeoutMs: 300 } },
    )
  })

  it('slow-read: a response that nobody reads is held back at the pod, and ends at idleTimeoutMs', async () => {
    await withstand(
      async ({ port, state, relieved }) => {
        const { external: unloaded } = await state({ collects: true })
        const attackers = await openAttackers(port, 50, 'nothing')
        for (const attacker of attackers) attacker.send(head(`/bytes/${64 * KIB * KIB}`))
        const { external } = await state({ collects: true })
        expect(external - unloaded).toBeLessThan(attackers.length * 512 * KIB)
        await relieved(attackers)
      },
      { forward: { idleTimeoutMs: 500 } },
    )
  })

  it('slow-read: a response that is complete here and that nobody reads ends at idleTimeoutMs', async () => {
    await withstand(
      async ({ port, relieved }) => {
        // Some of these sizes fit into what the kernel and the gateway take, all but a last part.
        const attackers = await openAttackers(port, 96, 'nothing')
        for (const [i, attacker] of attackers.entries()) attacker.send(head(`/bytes/${(i + 1) * 64 * KIB}`))
        await relieved(attackers)
      },
      { forward: { idleTimeoutMs: 500 }, server: { keepAliveTimeout: 500 } },
    )
  })
})
