import { createSticky, header, memoryTable, type Route } from '@limpet/core'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { wireGateway, wirePod } from '../wire.ts'
import { SWITCHED, turns, upgraded } from './stream.ts'

const IDLE_MS = 60_000

/** A gateway over a pool whose bindings end after a minute without use. */
async function scene() {
  const clock = fakeClock()
  const pod = await wirePod(async (wire) => {
    wire.socket.allowHalfOpen = true
    await wire.take()
    wire.write(SWITCHED)
  })
  const pool = createSticky({
    key: header('x'),
    endpoints: [pod.url],
    table: memoryTable({ clock, idleTimeoutMs: IDLE_MS }),
    clock,
  })
  onTestFinished(() => pool.close())
  const gateway = await wireGateway(pool, { clock, upgradeIdleMs: Number.POSITIVE_INFINITY })
  /** How the key of the stream stands: `stuck` if it was bound. */
  const kind = async (): Promise<Route['kind']> => {
    const route = await pool.route({ headers: { x: 'k' } }, { lease: false })
    return route.kind
  }
  return { clock, pool, gateway, kind }
}

describe('the key of an upgraded stream', () => {
  it('is in use as long as the stream is open, also without bytes', async () => {
    const { clock, pool, gateway, kind } = await scene()
    const client = await upgraded(gateway)
    expect(pool.inFlight).toBe(1)
    // A day, in steps of no sweep: nothing but the open stream keeps the key.
    for (let i = 0; i < 1_440; i++) clock.advance(IDLE_MS)
    expect(await kind()).toBe('stuck')
    for (let i = 0; i < 10; i++) clock.advance(IDLE_MS)
    client.socket.resetAndDestroy()
    await gateway.routing.idle()
    expect(pool.inFlight).toBe(0)
    // The end of the stream is its last use.
    clock.advance(IDLE_MS - 1)
    expect(await kind()).toBe('stuck')
  })

  it('is let go an idle timeout after the stream has ended', async () => {
    const { clock, gateway, kind } = await scene()
    const client = await upgraded(gateway)
    clock.advance(10 * IDLE_MS)
    client.socket.resetAndDestroy()
    await gateway.routing.idle()
    clock.advance(IDLE_MS)
    expect(await kind()).toBe('bound')
  })

  it('is in use until both directions have ended', async () => {
    const { clock, pool, gateway, kind } = await scene()
    const client = await upgraded(gateway)
    client.socket.end()
    await turns()
    clock.advance(10 * IDLE_MS)
    expect([pool.inFlight, await kind()]).toEqual([1, 'stuck'])
    client.socket.destroy()
  })
})
