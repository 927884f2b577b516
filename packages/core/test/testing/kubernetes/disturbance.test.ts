import { request } from 'node:https'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FakeClock, type FakeKubernetes, fakeClock, fakeKubernetes } from '../../../src/testing/index.ts'
import { asked, opened, SLICES, slice, Watching, watching } from '../../support/asked-kubernetes.ts'

describe('a disturbance of the fake API server', () => {
  let api: FakeKubernetes
  let clock: FakeClock
  beforeEach(async () => {
    clock = fakeClock()
    api = await fakeKubernetes({ clock })
    api.put(slice('a', { name: 'snø ☃' }))
  })
  afterEach(() => api.close())

  const status = async (path = SLICES) => (await asked(api, path)).status
  /** Reads to the end, and tells how it came. */
  const broken = async (path = SLICES) => {
    const response = await opened(api, path)
    let text = ''
    response.on('data', (part: Buffer) => {
      text += part.toString('latin1')
    })
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      response.on('error', resolve)
      response.on('close', () => resolve(undefined))
    })
    return { text, code: error?.code }
  }

  it('meets so many requests that match, in the order of the script, and no more', async () => {
    api.disturb({ kind: 'status', code: 500, times: 2, on: { verb: 'list', resource: 'endpointslices' } })
    api.disturb({ kind: 'status', code: 503 })
    expect(await status('/api/v1/namespaces/shop/pods')).toBe(503)
    expect([await status(), await status(), await status()]).toEqual([500, 500, 200])
  })

  it('lasts until it is called off when it has no number', async () => {
    const callOff = api.disturb({ kind: 'status', code: 500, times: Number.POSITIVE_INFINITY })
    expect([await status(), await status(), await status()]).toEqual([500, 500, 500])
    callOff()
    callOff()
    expect(await status()).toBe(200)
  })

  it('answers another status, with Retry-After and a Status object or a text', async () => {
    api.disturb({ kind: 'status', code: 429, retryAfterSeconds: 7 })
    const first = await asked(api, SLICES)
    expect(first.status).toBe(429)
    expect(first.headers['retry-after']).toBe('7')
    expect(first.body).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } })
    api.disturb({ kind: 'status', code: 502, body: 'bad gateway' })
    const second = await asked(api, SLICES)
    expect([second.status, second.text, second.headers['content-type']]).toEqual([
      502,
      'bad gateway\n',
      'text/plain; charset=utf-8',
    ])
    api.disturb({ kind: 'status', code: 409, reason: 'Conflict', message: 'no' })
    expect((await asked(api, SLICES)).body).toMatchObject({ reason: 'Conflict', message: 'no' })
  })

  it('is gone as a status or as an event', async () => {
    api.disturb({ kind: 'gone', as: 'status', on: { verb: 'watch' } })
    const { status: code, body } = await asked(api, `${SLICES}?watch=1`)
    expect([code, body.reason]).toEqual([410, 'Expired'])
    api.disturb({ kind: 'gone', as: 'event', on: { verb: 'watch' } })
    const watch = await watching(api)
    expect(await watch.next(1)).toEqual(['ERROR 410 Expired'])
    expect(await watch.ended()).toEqual({ error: undefined, events: [], rest: '' })
  })

  it('resets the connection, at once or after so many bytes', async () => {
    api.disturb({ kind: 'reset' })
    // A system call that failed: closed in good order, it would be a "socket hang up".
    await expect(asked(api, SLICES)).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' })
    api.disturb({ kind: 'reset', afterBytes: 10 })
    expect((await broken()).code).toBe('ECONNRESET')
    expect(await status()).toBe(200)
  })

  it('is silent without an answer, or after so many bytes, and leaves the connection open', async () => {
    api.disturb({ kind: 'silent' })
    const waiting = asked(api, SLICES)
    waiting.catch(() => undefined)
    await api.requested(1)
    api.disturb({ kind: 'silent', afterBytes: 12, on: { verb: 'watch' } })
    const response = await opened(api, `${SLICES}?watch=1`)
    const text = await new Promise<string>((resolve) => response.once('data', (part) => resolve(`${part}`)))
    expect(text).toBe('{"type":"ADD')
    api.put(slice('b'))
    api.bookmark()
    expect(await status()).toBe(200)
    expect(api.connections).toBeGreaterThanOrEqual(2)
    expect(response.complete).toBe(false)
    response.on('error', () => undefined)
    await api.close()
    await expect(waiting).rejects.toThrow()
  })

  it('cuts a body in the middle of a character, by its connection or as if it were whole', async () => {
    const whole = await asked(api, SLICES)
    const afterBytes = Buffer.from(whole.text).indexOf('☃') + 1
    api.disturb({ kind: 'cut', afterBytes })
    const first = await broken()
    expect(first.code).toBe('ECONNRESET')
    expect(first.text).toHaveLength(afterBytes)
    api.disturb({ kind: 'cut', afterBytes, clean: true })
    const second = await broken()
    expect(second.code).toBeUndefined()
    expect(second.text).toBe(first.text)
  })

  it('cuts a watch in the middle of an event to come', async () => {
    api.disturb({ kind: 'cut', afterBytes: 1_000, on: { verb: 'watch' } })
    const watch = await watching(api, { resourceVersion: api.resourceVersion })
    await api.watched(1)
    for (const name of ['b', 'c', 'd']) api.put(slice(name))
    const { error, events, rest } = await watch.ended()
    expect(error).toMatchObject({ code: 'ECONNRESET' })
    expect(events.length).toBeGreaterThan(0)
    expect(rest).not.toBe('')
    await api.watched(0)
  })

  it('sends pieces of any size, and all of them', async () => {
    const whole = await asked(api, SLICES)
    api.disturb({ kind: 'chunks', bytes: 1 })
    const response = await opened(api, SLICES)
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    expect(Buffer.concat(parts).toString()).toBe(whole.text)
    expect(Math.max(...parts.map(({ length }) => length))).toBe(1)
  })

  it('sends the pieces of a watch slowly, by the clock, also its end', async () => {
    api.disturb({ kind: 'chunks', bytes: 100, delayMs: 1_000, on: { verb: 'watch' } })
    const response = await opened(api, `${SLICES}?watch=1&timeoutSeconds=1000`)
    const watch = new Watching(response)
    await new Promise((resolve) => response.once('data', resolve))
    api.endWatches()
    let isOver = false
    const ended = watch.ended().then((how) => {
      isOver = true
      return how
    })
    for (let turn = 0; turn < 1_000 && !isOver; turn++) {
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    expect(await ended).toMatchObject({ error: undefined, rest: '', events: [{ type: 'ADDED' }] })
  })

  it('puts a line where none belongs', async () => {
    api.disturb({ kind: 'line', text: '<html>', afterLines: 1, on: { verb: 'watch' } })
    const response = await opened(api, `${SLICES}?watch=1`)
    api.put(slice('b'))
    api.endWatches()
    let text = ''
    for await (const part of response) text += part
    expect(text.split('\n').map((line) => line.slice(0, 8))).toEqual(['{"type":', '<html>', '{"type":', ''])
  })

  it('sends a line as long as it is told', async () => {
    api.disturb({ kind: 'huge-line', bytes: 1_000_000, on: { verb: 'watch' } })
    const watch = await watching(api)
    const [event] = await watch.events(1)
    expect(event.type).toBe('BOOKMARK')
    expect(event.object.metadata.annotations.filler).toHaveLength(1_000_000)
    watch.close()
  })

  it('answers under another media type', async () => {
    api.disturb({ kind: 'content-type', value: 'text/html' })
    const { status: code, headers, text } = await asked(api, SLICES)
    expect([code, headers['content-type'], text[0]]).toEqual([200, 'text/html', '{'])
  })

  it('answers later, by the clock', async () => {
    api.disturb({ kind: 'delay', ms: 5_000 })
    const late = asked(api, SLICES)
    await api.requested(1)
    expect(clock.pending).toBe(1)
    // Written before the answer is made: it is late, not old.
    const version = api.put(slice('b'))
    clock.advance(5_000)
    expect((await late).body.metadata.resourceVersion).toBe(version)
  })

  it('answers nobody who has left meanwhile', async () => {
    api.disturb({ kind: 'delay', ms: 5_000 })
    const sent = request(`${api.url}${SLICES}?watch=1`, {
      ca: api.ca,
      headers: { authorization: `Bearer ${api.token}` },
    })
    sent.on('error', () => undefined)
    sent.end()
    await api.requested(1)
    sent.destroy()
    await vi.waitFor(() => expect(api.connections).toBe(0))
    clock.advance(5_000)
    expect([api.watchers, clock.pending]).toEqual([0, 0])
  })

  it.each([
    [{ kind: 'explode' }, 'disturb.kind'],
    [{ kind: 'reset', bytes: 1 }, 'disturb.bytes'],
    [{ kind: 'chunks', bytes: 0 }, 'disturb.bytes'],
    [{ kind: 'cut' }, 'disturb.afterBytes'],
    [{ kind: 'cut', afterBytes: -1 }, 'disturb.afterBytes'],
    [{ kind: 'status', code: 99 }, 'disturb.code'],
    [{ kind: 'gone' }, 'disturb.as'],
    [{ kind: 'reset', times: 0 }, 'disturb.times'],
    [{ kind: 'reset', on: { verbs: 'list' } }, 'disturb.on.verbs'],
    [undefined, 'disturb.kind'],
  ])('is refused as %j', (disturbance, option) => {
    expect(() => api.disturb(disturbance as never)).toThrow(`"${option}"`)
  })
})
