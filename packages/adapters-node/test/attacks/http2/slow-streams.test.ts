import { describe, expect, it } from 'vitest'
import { FRAME, frame, headersFrame } from '../../http2/support/frames.ts'
import { ended, openAttackers } from '../attackers.ts'
import { sharedScene } from '../scene.ts'
import { type Attack, together, withstand } from '../withstand.ts'
import { openHttp2Attackers, requestFrame } from './http2-attacker.ts'

const KIB = 1_024
const COUNT = 20
const REFUSED_STREAM = 7
const INITIAL_WINDOW_SIZE = 4
const FLAGS_OFFSET = 4
/** For each stream what is read of its pod and what is written to its client, once each. */
const MOST_EXTERNAL = COUNT * 20 * 256 * KIB

/** Responses of `size` bytes that have no window. */
const unread =
  (size: number): Attack =>
  async ({ port, relieved }) => {
    const attackers = await openHttp2Attackers(port, COUNT, { [INITIAL_WINDOW_SIZE]: 0 })
    for (const { send } of attackers) {
      void send(...Array.from({ length: 10 }, (_, i) => requestFrame(2 * i + 1, `/bytes/${size}`)))
    }
    const { most } = await relieved(attackers, { collects: true })
    expect(most).toBeLessThan(MOST_EXTERNAL)
  }

const stoppedBody: Attack = async ({ port }) => {
  const attackers = await openHttp2Attackers(port, COUNT)
  for (const { send } of attackers) {
    void send(requestFrame(1, '/', 0), frame(FRAME.data, 0, 1, Buffer.from('half')))
  }
  for (const attacker of attackers) {
    await attacker.until(({ bytes, resets }) => bytes > 0 || resets.size > 0)
    expect(attacker.socket.destroyed).toBe(false)
    attacker.abort()
  }
}

/** A session that sends this and then nothing more. */
const silent =
  (bytes: Buffer): Attack =>
  async ({ port }) => {
    const attackers = await openHttp2Attackers(port, COUNT)
    for (const { send } of attackers) void send(bytes)
    await Promise.all(attackers.map(({ closed }) => closed))
  }

const unendedHead = headersFrame(1, 0, [[':method', 'GET']]).fill(0, FLAGS_OFFSET, FLAGS_OFFSET + 1)

/** A session whose request was answered, and that then only pings. */
const pinging: Attack = async ({ port }) => {
  const attackers = await openHttp2Attackers(port, COUNT)
  await Promise.all(
    attackers.map(({ send, closed }) => {
      void send(requestFrame(1, '/'))
      const timer = setInterval(() => void send(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 50)
      return closed.then(() => clearInterval(timer))
    }),
  )
}

/** Connections on which no handshake begins, or one stops after its first bytes. */
const handshakes: Attack = async ({ port }) => {
  const attackers = await openAttackers(port, 100)
  for (const attacker of attackers.slice(50)) attacker.send('\x16\x03\x01\x02\x00')
  await ended(attackers)
}

describe('slow streams of HTTP/2', { timeout: 60_000 }, () => {
  const scene = sharedScene({
    protocol: 'http2',
    forward: { idleTimeoutMs: 500, responseTimeoutMs: 1_500 },
    limits: { headTimeoutMs: 1_500, keepAliveMs: 500, maxStreamsPerConnection: 50 },
  })

  it('responses without a window are held back at their pod, or here, and end at idleTimeoutMs', async () => {
    await withstand(scene(), together(unread(16 * KIB * KIB), unread(50 * KIB), unread(1)))
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

  it('bodies that stop, and sessions without requests, end at idleTimeoutMs, headTimeoutMs, keepAliveMs', async () => {
    const sessions = together(silent(Buffer.alloc(0)), silent(unendedHead), pinging)
    await withstand(scene(), together(stoppedBody, sessions, handshakes))
  })
})
