import { describe, expect, it } from 'vitest'
import { FRAME, frame, headersFrame } from '../../http2/support/frames.ts'
import { ended, openAttackers } from '../attackers.ts'
import { sharedScene } from '../scene.ts'
import { withstand } from '../withstand.ts'
import { openHttp2Attackers, requestFrame } from './http2-attacker.ts'

const KIB = 1_024
const COUNT = 20
const REFUSED_STREAM = 7
const INITIAL_WINDOW_SIZE = 4

describe('slow streams of HTTP/2', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    protocol: 'http2',
    forward: { idleTimeoutMs: 500, responseTimeoutMs: 1_500 },
    limits: { headTimeoutMs: 1_500, keepAliveMs: 500, maxStreamsPerConnection: 50 },
  })

  it.each([
    ['that is held back at the pod', 16 * KIB * KIB],
    ['that is complete here', 50 * KIB],
    ['of one byte', 1],
  ])('a response %s and has no window ends at idleTimeoutMs', async (_what, size) => {
    await withstand(scene(), async ({ port, state, relieved }) => {
      const { external: unloaded } = await state({ collects: true })
      const attackers = await openHttp2Attackers(port, COUNT, { [INITIAL_WINDOW_SIZE]: 0 })
      for (const { send } of attackers) {
        void send(...Array.from({ length: 10 }, (_, i) => requestFrame(2 * i + 1, `/bytes/${size}`)))
      }
      const { most } = await relieved(attackers, { collects: true })
      expect(most - unloaded).toBeLessThan(attackers.length * 10 * 256 * KIB)
    })
  })

  it('more streams than maxStreamsPerConnection are refused, and cost no pod anything', async () => {
    await withstand(scene(), async ({ port, state }) => {
      const attackers = await openHttp2Attackers(port, COUNT)
      for (const { send } of attackers) {
        void send(...Array.from({ length: 80 }, (_, i) => requestFrame(2 * i + 1, '/silent')))
      }
      for (const attacker of attackers) {
        await attacker.until(({ resets }) => resets.get(REFUSED_STREAM) === 30)
        expect(attacker.received.resets.get(REFUSED_STREAM)).toBe(30)
      }
      expect((await state()).inFlight).toBeLessThanOrEqual(COUNT * 50 + 1)
      for (const attacker of attackers) attacker.abort()
    })
  })

  it('bodies that stop are answered, and the pod is let go', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openHttp2Attackers(port, COUNT)
      for (const { send } of attackers) {
        void send(requestFrame(1, '/', 0), frame(FRAME.data, 0, 1, Buffer.from('half')))
      }
      for (const attacker of attackers) {
        await attacker.until(({ bytes, resets }) => bytes > 0 || resets.size > 0)
        expect(attacker.socket.destroyed).toBe(false)
        attacker.abort()
      }
    })
  })

  it.each([
    ['without a request', Buffer.alloc(0)],
    ['with a head that never ends', headersFrame(1, 0, [[':method', 'GET']]).fill(0, 4, 5)],
  ])('sessions %s end at headTimeoutMs', async (_what, bytes) => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openHttp2Attackers(port, COUNT)
      for (const { send } of attackers) void send(bytes)
      await Promise.all(attackers.map(({ closed }) => closed))
    })
  })

  it('sessions whose last request was answered end at keepAliveMs, however many pings they send', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openHttp2Attackers(port, COUNT)
      await Promise.all(
        attackers.map(({ send, closed }) => {
          void send(requestFrame(1, '/'))
          const timer = setInterval(() => void send(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 50)
          return closed.then(() => clearInterval(timer))
        }),
      )
    })
  })

  it('handshakes that never begin, or stop, end at headTimeoutMs', async () => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, 100)
      // The first bytes of a ClientHello.
      for (const attacker of attackers.slice(50)) attacker.send('\x16\x03\x01\x02\x00')
      await ended(attackers)
    })
  })
})
