import { describe, expect, it } from 'vitest'
import { fakeClock, fakeDiscovery, fakeRandom, fakeRequest } from '../../src/testing/index.ts'

describe('fakeClock', () => {
  it('makes due calls at their own time, in order, those made by other calls among them', () => {
    const clock = fakeClock(0)
    const calls: string[] = []
    clock.after(20, () => calls.push(`late@${clock.now()}`))
    clock.after(10, () => {
      calls.push(`early@${clock.now()}`)
      clock.after(5, () => calls.push(`nested@${clock.now()}`))
    })
    clock.advance(20)
    expect(calls).toEqual(['early@10', 'nested@15', 'late@20'])
    expect(clock.now()).toBe(20)
  })

  it('does not make a cancelled call', () => {
    const clock = fakeClock()
    const cancel = clock.after(1, () => expect.unreachable())
    cancel()
    cancel()
    clock.advance(10)
    expect(clock.pending).toBe(0)
  })
})

describe('fakeRandom', () => {
  it('repeats itself for the same seed, and only for that', () => {
    const draw = (seed?: number) => Array.from({ length: 5 }, fakeRandom(seed))
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(0).every((number) => number >= 0 && number < 1)).toBe(true)
  })
})

describe('fakeRequest', () => {
  it('shows a repeated header as node:http does', () => {
    const request = fakeRequest({ headers: { 'X-A': ['1', '2'], host: 'x' } })
    expect(request.rawHeaders).toEqual(['X-A', '1', 'X-A', '2', 'host', 'x'])
    expect(request.headers).toEqual({ 'x-a': '1, 2', host: 'x' })
  })
})

describe('fakeDiscovery', () => {
  it('gives its newest snapshot to every watch, also to one that comes later', async () => {
    const discovery = fakeDiscovery()
    const abort = new AbortController()
    const seen: number[] = []
    const early = discovery.watch((set) => seen.push(set.endpoints.length), abort.signal)
    discovery.emit(['http://10.0.0.1:80', 'http://10.0.0.2:80'])
    const late = discovery.watch((set) => seen.push(set.endpoints.length), abort.signal)
    expect(seen).toEqual([2, 2])
    abort.abort()
    await Promise.all([early, late])
    expect(discovery.watches).toBe(0)
  })

  it('makes its watches give up', async () => {
    const discovery = fakeDiscovery()
    const watch = discovery.watch(() => undefined, new AbortController().signal)
    discovery.fail(new Error('forbidden'))
    await expect(watch).rejects.toThrow('forbidden')
  })
})
