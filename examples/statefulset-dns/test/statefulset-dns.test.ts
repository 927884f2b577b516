import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Run } from './run.ts'

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`)

interface Answer {
  readonly pod: string
  readonly address: string
}

describe('a gateway before a StatefulSet, by DNS', { timeout: 60_000 }, () => {
  let run: Run
  let url: string

  beforeEach(async () => {
    run = new Run('local/main.ts')
    const [, found] = await run.printed(/alice' (http:\S+)\/[\s\S]*Ctrl-C/)
    url = found as string
  })

  afterEach(() => run.kill())

  async function ask(key: string): Promise<Answer> {
    const response = await fetch(url, { headers: { 'x-session-id': key } })
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return JSON.parse(text)
  }

  async function podOfEachKey(): Promise<Map<string, string>> {
    return new Map(await Promise.all(KEYS.map(async (key) => [key, (await ask(key)).pod] as const)))
  }

  it('sends each key to one pod, and uses all three', async () => {
    const first = await podOfEachKey()
    for (let round = 0; round < 4; round++) expect(await podOfEachKey()).toEqual(first)
    expect(new Set(first.values())).toEqual(new Set(['web-0', 'web-1', 'web-2']))
  })

  it('gives a restarted pod its keys back, at its new address, and serves them meanwhile', async () => {
    const before = await podOfEachKey()
    const own = KEYS.filter((key) => before.get(key) === 'web-1')
    const { address: old } = await ask(own[0] as string)

    await run.type('stop web-1', /web-1 is stopped/)
    for (let round = 0; round < 3; round++) {
      for (const [key, pod] of await podOfEachKey()) {
        if (own.includes(key)) expect(pod).not.toBe('web-1')
        else expect(pod).toBe(before.get(key))
      }
    }

    const [, started] = await run.type('start web-1', /web-1 is stopped[\s\S]*web-1 runs at (\S+)/)
    expect(started).not.toBe(old)
    await expect
      .poll(() => ask(own[0] as string), { timeout: 20_000 })
      .toMatchObject({ pod: 'web-1', address: started })
    expect(await podOfEachKey()).toEqual(before)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s, with all that it started', async (signal) => {
    await ask('alice')
    run.process.kill(signal)
    expect(await run.exit).toEqual([0, null])
    await expect(fetch(url)).rejects.toThrow()
  })
})

describe('the gateway program', () => {
  it.each([
    ['REPLICAS', '0', 'REPLICAS: expected a whole number from 1 to 1000, got "0"'],
    ['PORT', 'http', 'PORT: expected a whole number from 0 to 65535, got "http"'],
  ])('names a variable that it cannot read: %s', async (name, value, message) => {
    const run = new Run('gateway.ts', { [name]: value })
    expect(await run.exit).toEqual([1, null])
    expect(run.output.trim()).toBe(message)
  })
})
