import { memoryTable } from '@limpet/core'
import { fakeClock } from '@limpet/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT_KINDS } from './http2/support/clients.ts'
import { KEY, Scene } from './http2/support/scene.ts'

const scene = new Scene()
afterEach(() => scene.close())

const IDLE = 10_000

describe.each(CLIENT_KINDS)('downstream connections of %s, where they count as use', (kind) => {
  it('are told from one another, and their requests from them', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: IDLE })
    const pods = await Promise.all(
      ['a', 'b', 'c'].map((name) => scene.pod('h1', (_, response) => response.end(name), {}, name)),
    )
    // Placed by the draws of a counter: whoever is bound anew gets the next pod.
    let draws = 0
    const placement = {
      name: 'in turn',
      pick: (set: { placeable: readonly unknown[] }) => set.placeable[draws++ % 3] as never,
    }
    const { port } = await scene.gateway(pods, {}, { table, clock, placement, countsAsUse: 'connection' })
    const ask = async (client: ReturnType<typeof scene.client>) =>
      (await client.ask({ headers: { [KEY]: 'k' } })).body.toString()

    const first = scene.client(kind, port)
    for (let at = 0; at < IDLE; at += 2_500) {
      expect(await ask(first)).toBe('a')
      clock.advance(2_500)
    }
    // The binding has ended, since no other connection came; the kept connection goes on where it went.
    const second = scene.client(kind, port)
    expect(await ask(second)).toBe('b')
    expect(await ask(first)).toBe('a')
    clock.advance(IDLE - 1)
    expect(await ask(scene.client(kind, port))).toBe('b')
  })
})
