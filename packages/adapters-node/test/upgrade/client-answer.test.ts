import { Duplex } from 'node:stream'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { ClientAnswer } from '../../src/upgrade/client-answer.ts'
import { turns } from './stream.ts'

const ERROR = { status: 503, code: 'closed', message: 'no' } as const

/** A client that takes bytes when the test lets it. */
function scene() {
  const clock = fakeClock()
  const taken: (() => void)[] = []
  const client = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, callback) => void taken.push(callback),
  })
  const request = { method: 'GET', httpVersion: '1.1' } as never
  const answer = new ClientAnswer(client, request, { clock, idleTimeoutMs: 30_000 })
  return { clock, client, answer, take: () => taken.shift()?.() }
}

describe('ClientAnswer', () => {
  it('cuts a client that does not read its answer', () => {
    const { clock, client, answer } = scene()
    answer.error(ERROR)
    clock.advance(29_999)
    expect(client.destroyed).toBe(false)
    clock.advance(1)
    expect(client.destroyed).toBe(true)
  })

  it('cuts a client that has its answer and does not close, sooner', async () => {
    const { clock, client, answer, take } = scene()
    answer.error(ERROR)
    clock.advance(29_000)
    take()
    await turns()
    expect(client.writableFinished).toBe(true)
    clock.advance(999)
    expect(client.destroyed).toBe(false)
    clock.advance(1)
    expect(client.destroyed).toBe(true)
    await turns()
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind a client that closes', async () => {
    const { clock, client, answer, take } = scene()
    answer.error(ERROR)
    take()
    client.push(null)
    await turns()
    expect([client.closed, clock.pending]).toEqual([true, 0])
  })
})
