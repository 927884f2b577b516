import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type FileDiscoveryOptions, fileDiscovery } from '../../src/discovery/file.ts'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import type { EndpointSet } from '../../src/endpoint/endpoint-set.ts'
import type { StickyError } from '../../src/error.ts'
import { discoveryConformance } from '../../src/testing/discovery-conformance.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'limpet-file-'))
  folders.push(path)
  return path
}

const json = (...names: string[]) => JSON.stringify(names.map((name) => pod(name)))
const pod = (name: string): EndpointInit => ({ name, host: '10.0.0.1', port: 80 })

/** As a careful program writes: the file is there whole or not at all. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

/** A watch of which everything it does can be awaited. By default it is told of changes, and its poll never comes. */
function watch(path: string | URL, options: FileDiscoveryOptions = {}) {
  const clock = fakeClock()
  const sets: EndpointSet[] = []
  const errors: StickyError[] = []
  /** What the pool is told. */
  const told: unknown[] = []
  let changed = (): void => undefined
  const abort = new AbortController()
  const discovery = fileDiscovery(path, {
    clock,
    debounceMs: 0,
    onError: (error) => {
      errors.push(error)
      changed()
    },
    ...options,
  })
  const ended = discovery.watch(
    (set) => {
      sets.push(set)
      changed()
    },
    abort.signal,
    (error) => told.push(error),
  )
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      changed = () => {
        if (isSo()) resolve()
      }
      changed()
    })
  return {
    clock,
    sets,
    errors,
    told,
    abort,
    ended,
    async set(count: number) {
      await until(() => sets.length >= count)
      return sets[count - 1]?.endpoints.map(({ identity }) => identity)
    },
    async error(count: number) {
      await until(() => errors.length >= count)
      return errors[count - 1]?.message
    },
    async end() {
      abort.abort()
      await ended
      expect(clock.pending).toBe(0)
    },
  }
}

/** Lets the watch look `times` times: each look sets the next poll, and that shows that it has ended. */
async function polls(clock: ReturnType<typeof fakeClock>, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await pending(clock)
    clock.advance(2_000)
    await pending(clock)
  }
}

/** Resolves when the watch sleeps. Waits for turns of the event loop, in which its reads come back, not for time. */
async function pending(clock: ReturnType<typeof fakeClock>): Promise<void> {
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
}

for (const [name, write] of [
  ['replaced by renaming', replace],
  ['written in place', writeFileSync],
] as const) {
  discoveryConformance({
    registry: { describe, it },
    name: `fileDiscovery of a file ${name}`,
    create: (endpoints) => {
      const path = join(mkdtempSync(join(tmpdir(), 'limpet-file-')), 'endpoints.json')
      write(path, JSON.stringify(endpoints))
      return {
        discovery: fileDiscovery(path, { pollMs: 20, debounceMs: 10 }),
        change: (next) => write(path, JSON.stringify(next)),
        close: () => rmSync(join(path, '..'), { recursive: true }),
      }
    },
  })
}

describe('fileDiscovery', () => {
  it('reads URLs and endpoint objects, in a list or under a name', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(
      path,
      '\ufeff{ "endpoints": ["http://10.0.0.1:80", { "host": "10.0.0.2", "port": 80, "weight": 3, "zone": "b" }] }',
    )
    const watched = watch(path)
    expect(await watched.set(1)).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    expect(watched.sets[0]?.endpoints[1]).toMatchObject({ weight: 3, zone: 'b' })
    await watched.end()
  })

  it('lets an operator drain a pod by its conditions, and keeps the others as the same objects', async () => {
    const path = join(folder(), 'endpoints.json')
    replace(path, json('web-0', 'web-1'))
    const watched = watch(pathToFileURL(path))
    await watched.set(1)
    replace(path, JSON.stringify([{ ...pod('web-0'), conditions: { terminating: true } }, pod('web-1')]))
    await watched.set(2)
    const [before, after] = watched.sets
    expect(after?.availability('web-0')).toEqual({ state: 'draining' })
    expect(after?.get('web-1')).toBe(before?.get('web-1'))
    await watched.end()
  })

  it.each<[string, (path: string, text: string) => void]>([
    ['by renaming', replace],
    ['in place', writeFileSync],
    [
      'by deleting and writing again',
      (path, text) => {
        rmSync(path)
        writeFileSync(path, text)
      },
    ],
  ])('sees a file changed %s when it is told', async (_how, write) => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path, { onError: () => undefined })
    expect(await watched.set(1)).toEqual(['web-0'])
    // The first write may come before the watch sleeps; that it is not lost is part of the case.
    write(path, json('web-0', 'web-1'))
    expect(await watched.set(2)).toEqual(['web-0', 'web-1'])
    write(path, json('web-2'))
    expect(await watched.set(3)).toEqual(['web-2'])
    await watched.end()
  })

  it('follows a mounted ConfigMap: a link to a link that is swapped', async () => {
    const mount = folder()
    const publish = (version: string, text: string) => {
      mkdirSync(join(mount, version))
      writeFileSync(join(mount, version, 'endpoints.json'), text)
      symlinkSync(version, join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    publish('..2024_1', json('web-0'))
    symlinkSync('..data/endpoints.json', join(mount, 'endpoints.json'))
    const watched = watch(join(mount, 'endpoints.json'))
    expect(await watched.set(1)).toEqual(['web-0'])
    publish('..2024_2', json('web-1'))
    expect(await watched.set(2)).toEqual(['web-1'])
    rmSync(join(mount, '..2024_1'), { recursive: true })
    publish('..2024_3', json('web-2'))
    expect(await watched.set(3)).toEqual(['web-2'])
    expect(watched.errors).toEqual([])
    await watched.end()
  })

  it('finds by polling what nobody tells of: a file behind a link to elsewhere', async () => {
    const [here, elsewhere] = [folder(), folder()]
    writeFileSync(join(elsewhere, 'real.json'), json('web-0'))
    symlinkSync(join(elsewhere, 'real.json'), join(here, 'endpoints.json'))
    const watched = watch(join(here, 'endpoints.json'))
    await watched.set(1)
    await polls(watched.clock, 2)
    expect(watched.sets).toHaveLength(1)
    writeFileSync(join(elsewhere, 'real.json'), json('web-0', 'web-1'))
    await polls(watched.clock)
    expect(await watched.set(2)).toEqual(['web-0', 'web-1'])
    await watched.end()
  })

  it('keeps the last good endpoints through a broken edit, and says where it is broken, once', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path)
    await watched.set(1)
    replace(path, '[\n  "http://10.0.0.1:80",\n  "http://10.0.0.2:80" "http://10.0.0.3:80"\n]')
    expect(await watched.error(1)).toBe(`${path}:3:24: expected "," or "]", got "\\""`)
    expect(watched.errors[0]).toMatchObject({ code: 'endpoints-file', cause: expect.any(SyntaxError) })
    await polls(watched.clock, 3)
    expect([watched.sets.length, watched.errors.length]).toEqual([1, 1])
    expect(watched.told).toEqual(watched.errors)
    replace(path, json('web-0', 'web-1'))
    expect(await watched.set(2)).toEqual(['web-0', 'web-1'])
    await watched.end()
  })

  it('takes no half of a file that is written in steps', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path, { onError: () => undefined })
    await watched.set(1)
    const text = json('web-1', 'web-2')
    const file = openSync(path, 'w')
    for (const part of [text.slice(0, 10), text.slice(10, 50), text.slice(50)]) {
      writeSync(file, part)
      await polls(watched.clock)
    }
    closeSync(file)
    expect(await watched.set(2)).toEqual(['web-1', 'web-2'])
    expect(watched.sets).toHaveLength(2)
    await watched.end()
  })

  it.each<[string, string | Uint8Array, string]>([
    ['is empty', '', ':1:1: expected a value, got the end of the file'],
    ['ends early', '["http://a:1",\n', ':2:1: expected a value, got the end of the file'],
    ['is no list', '"http://a:1"', ': expected a list of endpoints'],
    ['has no list', '{}', ': expected a list of endpoints'],
    ['has an unknown field', '{ "pods": [] }', ': pods is unknown; known: endpoints'],
    [
      'has an endpoint with an unknown field',
      '["http://a:1", { "hots": "a" }]',
      ': endpoints[1].hots is unknown',
    ],
    [
      'has an endpoint with a prototype',
      '[{ "__proto__": {}, "host": "a", "port": 1 }]',
      ': endpoints[0].__proto__ is unknown',
    ],
    ['has a bad endpoint', '[null]', ': endpoints[0]: expected a URL or an endpoint object'],
    [
      'has an identity twice',
      '["http://a:1", "http://b:1", "http://a:1"]',
      ': endpoints[0] and endpoints[2]',
    ],
    ['is no UTF-8', Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d), ': expected text in UTF-8'],
    ['is too long', `[${' '.repeat(100)}]`, ': expected at most maxBytes = 100 bytes, got more'],
  ])('reports a file that %s', async (_what, content, message) => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, content)
    const watched = watch(path, { maxBytes: 100 })
    expect(await watched.error(1)).toContain(path + message)
    await polls(watched.clock, 2)
    expect([watched.sets, watched.errors.length]).toEqual([[], 1])
    await watched.end()
  })

  it('reports what is no file at all, without waiting on it', async () => {
    const watched = watch(folder())
    expect(await watched.error(1)).toContain('expected a file, got something else')
    await watched.end()
    const pipe = join(folder(), 'pipe')
    if (spawnSync('mkfifo', [pipe]).status !== 0) return
    const waiting = watch(pipe)
    expect(await waiting.error(1)).toContain('expected a file, got something else')
    await waiting.end()
  })

  it('waits for a file that is not there yet, and says so once', async () => {
    const path = join(folder(), 'endpoints.json')
    const watched = watch(path)
    expect(await watched.error(1)).toBe(`${path}: cannot be read: ENOENT`)
    await polls(watched.clock, 3)
    expect(watched.errors).toHaveLength(1)
    replace(path, json('web-0'))
    expect(await watched.set(1)).toEqual(['web-0'])
    await watched.end()
  })

  it('waits for a directory that is not there yet, and is told of changes in it afterwards', async () => {
    const parent = folder()
    const path = join(parent, 'conf', 'endpoints.json')
    const watched = watch(path)
    await watched.error(1)
    await pending(watched.clock)
    mkdirSync(join(parent, 'conf'))
    writeFileSync(path, json('web-0'))
    await polls(watched.clock)
    expect(await watched.set(1)).toEqual(['web-0'])
    replace(path, json('web-1'))
    expect(await watched.set(2)).toEqual(['web-1'])
    await watched.end()
  })

  it('keeps the last endpoints when the file is deleted, and goes on when it is back', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path)
    await watched.set(1)
    await pending(watched.clock)
    rmSync(path)
    expect(await watched.error(1)).toBe(`${path}: cannot be read: ENOENT`)
    await polls(watched.clock, 2)
    expect([watched.sets.length, watched.errors.length]).toEqual([1, 1])
    replace(path, json('web-0'))
    replace(path, json('web-0', 'web-1'))
    expect(await watched.set(2)).toEqual(['web-0', 'web-1'])
    await watched.end()
  })

  it('finds the directory that came in place of the one it watched', async () => {
    const parent = folder()
    const path = join(parent, 'conf', 'endpoints.json')
    mkdirSync(join(parent, 'conf'))
    writeFileSync(path, json('web-0'))
    const watched = watch(path)
    await watched.set(1)
    await pending(watched.clock)
    mkdirSync(join(parent, 'next'))
    writeFileSync(join(parent, 'next', 'endpoints.json'), json('web-1'))
    renameSync(join(parent, 'conf'), join(parent, 'old'))
    renameSync(join(parent, 'next'), join(parent, 'conf'))
    watched.clock.advance(2_000)
    expect(await watched.set(2)).toEqual(['web-1'])
    replace(path, json('web-2'))
    expect(await watched.set(3)).toEqual(['web-2'])
    await watched.end()
  })

  it.each([
    ['swapped', (conf: string) => renameSync(conf, `${conf}.old`)],
    ['deleted and made again', (conf: string) => rmSync(conf, { recursive: true })],
  ])('follows a directory that was %s without a poll: it is told of that, too', async (_how, remove) => {
    const parent = folder()
    const [conf, next] = [join(parent, 'conf'), join(parent, 'next')]
    const path = join(conf, 'endpoints.json')
    mkdirSync(conf)
    writeFileSync(path, json('web-0'))
    const watched = watch(path, { pollMs: Number.POSITIVE_INFINITY, onError: () => undefined })
    await watched.set(1)
    mkdirSync(next)
    writeFileSync(join(next, 'endpoints.json'), json('web-1'))
    remove(conf)
    renameSync(next, conf)
    expect(await watched.set(2)).toEqual(['web-1'])
    replace(path, json('web-2'))
    expect(await watched.set(3)).toEqual(['web-2'])
    await watched.end()
  })

  it('gives no snapshot for an edit that changes nothing', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path)
    await watched.set(1)
    appendFileSync(path, '\n\n')
    await polls(watched.clock)
    utimesSync(path, 1, 1)
    await polls(watched.clock)
    expect(watched.sets).toHaveLength(1)
    await watched.end()
  })

  it('reads once for several signs of a change within the debounce', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const watched = watch(path, { debounceMs: 50, pollMs: Number.POSITIVE_INFINITY })
    await watched.set(1)
    for (const name of ['web-1', 'web-2', 'web-3']) replace(path, json(name))
    // The debounce is the only timer there is.
    await pending(watched.clock)
    expect(watched.sets).toHaveLength(1)
    watched.clock.advance(50)
    expect(await watched.set(2)).toEqual(['web-3'])
    await watched.end()
  })

  it('ends a watch whose listener throws, with what it threw', async () => {
    const path = join(folder(), 'endpoints.json')
    writeFileSync(path, json('web-0'))
    const clock = fakeClock()
    const watched = fileDiscovery(path, { clock }).watch(() => {
      throw new Error('bug')
    }, new AbortController().signal)
    await expect(watched).rejects.toThrow('bug')
    expect(clock.pending).toBe(0)
  })

  it.each<[string, FileDiscoveryOptions]>([
    ['option "fileDiscovery.pollMs": expected milliseconds from 1', { pollMs: 0 }],
    ['option "fileDiscovery.debounceMs": expected milliseconds from 0', { debounceMs: -1 }],
    ['option "fileDiscovery.maxBytes": expected an integer from 2', { maxBytes: 1 }],
    ['option "fileDiscovery.onError": expected a function', { onError: 1 as never }],
    ['option "fileDiscovery.clock": expected a Clock', { clock: {} as never }],
    ['option "fileDiscovery.poll" is unknown; known: pollMs', { poll: 1 } as FileDiscoveryOptions],
  ])('refuses bad options: %s', (message, options) => {
    expect(() => fileDiscovery('endpoints.json', options)).toThrow(message)
  })

  it.each(['', 'a\0b', new URL('https://a/b'), undefined as never])('refuses %o as a path', (path) => {
    expect(() => fileDiscovery(path)).toThrow('option "fileDiscovery.path": expected a path or a file: URL')
  })

  it('holds no process alive, and warns by default', () => {
    const path = join(folder(), 'missing.json')
    const source = new URL('../../src/discovery/file.ts', import.meta.url).href
    const code = `
      import { fileDiscovery } from ${JSON.stringify(source)}
      void fileDiscovery(${JSON.stringify(path)}).watch(() => undefined, new AbortController().signal)`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    expect(stderr).toContain('[LIMPET_ENDPOINTS_FILE]')
    expect(stderr).toContain(`${path}: cannot be read: ENOENT`)
    expect(status).toBe(0)
  })
})
