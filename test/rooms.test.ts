import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')

const sources = tracked.filter((file) => /^packages\/[\w-]+\/src\/.*\.ts$/.test(file))

/** Imports of a file: paths from the root for its own package, names for others. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)[^'"]*?from '([^']+)'/gms)].map(([, target]) =>
    target?.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), target)) : (target as string),
  )
}

const CORE = 'packages/core/src'
const CONTRACTS = [
  'key/key-source.ts',
  'key/request-like.ts',
  'table/sticky-table.ts',
  'table/capabilities.ts',
  'balance/balancer.ts',
  'discovery/discovery.ts',
].map((file) => `${CORE}/${file}`)

/** The files and folders of core that may import more of node than what computes, and what. */
const OPENING: Readonly<Record<string, readonly string[]>> = {
  // BlockList and isIP compute; they open nothing.
  'key/trusted-proxies.ts': ['node:net'],
  'discovery/endpoints-file.ts': ['node:fs', 'node:fs/promises'],
  'discovery/file-watch.ts': ['node:fs', 'node:path'],
  'discovery/file.ts': ['node:path', 'node:url'],
  // isIP computes.
  'discovery/kubernetes/api/': [
    'node:fs',
    'node:fs/promises',
    'node:http',
    'node:https',
    'node:net',
    'node:path',
    'node:tls',
  ],
  'discovery/kubernetes/slices/': ['node:net'],
  'discovery/dns/': ['node:dgram', 'node:net', 'node:fs/promises', 'node:os', 'node:dns'],
  'table/snapshot-file.ts': ['node:fs/promises', 'node:path'],
  'parity/parity-endpoint-hash.ts': ['node:net'],
  'parity/nginx/server-name.ts': ['node:net'],
  'parity/resty/resty-node.ts': ['node:net'],
  'parity/proxy-asker.ts': ['node:http', 'node:https'],
  // The fake API server is a server.
  'testing/kubernetes/': ['node:events', 'node:http', 'node:https', 'node:net', 'node:tls'],
  'health/tcp-check.ts': ['node:net'],
  'health/http-check.ts': ['node:http', 'node:https', 'node:tls'],
}

describe('imports', () => {
  it('never go from core to an adapter or to a package', () => {
    for (const file of sources.filter((source) => source.startsWith(CORE))) {
      expect(
        importsOf(file).filter((target) => !target.startsWith('node:') && !target.startsWith(CORE)),
        file,
      ).toEqual([])
    }
  })

  it('reach sticky.ts from the index alone', () => {
    const importers = sources.filter((file) => importsOf(file).includes(`${CORE}/sticky.ts`))
    expect(importers).toEqual([`${CORE}/index.ts`])
  })

  it('never go from one implementation to that of another contract', () => {
    const rooms = ['key', 'table', 'balance', 'discovery']
    for (const room of rooms) {
      const others = rooms.filter((other) => other !== room).map((other) => `${CORE}/${other}/`)
      for (const file of sources.filter((source) => source.startsWith(`${CORE}/${room}/`))) {
        const foreign = importsOf(file).filter((target) => others.some((other) => target.startsWith(other)))
        expect(
          foreign.filter((target) => !CONTRACTS.includes(target)),
          file,
        ).toEqual([])
      }
    }
  })

  it('bring sockets, files, resolvers and servers into core only where a subpath opens them', () => {
    const computing = ['node:assert/strict', 'node:crypto', 'node:diagnostics_channel']
    for (const file of sources.filter((source) => source.startsWith(CORE))) {
      const room = Object.keys(OPENING).find((path) => file.startsWith(`${CORE}/${path}`))
      const more = OPENING[room ?? ''] ?? []
      const fromNode = importsOf(file).filter(
        (target) => target.startsWith('node:') && !computing.includes(target),
      )
      expect(
        fromNode.filter((target) => !more.includes(target)),
        file,
      ).toEqual([])
    }
  })

  it('let the main entry of core open nothing', () => {
    const reached = new Set<string>()
    const reach = (file: string) => {
      if (reached.has(file)) return
      reached.add(file)
      for (const target of importsOf(file)) if (sources.includes(target)) reach(target)
    }
    reach(`${CORE}/index.ts`)
    const opening = Object.keys(OPENING).filter((room) =>
      [...reached].some((file) => file.startsWith(`${CORE}/${room}`)),
    )
    expect(opening).toEqual(['key/trusted-proxies.ts'])
  })

  it('let only the upstream of adapters-node open sockets to pods', () => {
    for (const file of sources.filter(
      (source) => source.startsWith('packages/adapters-') && !source.includes('/testing/'),
    )) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      const opens = /\b(?:connect|createConnection)\b[^\n]*from 'node:(?:net|tls)'/.test(text)
      expect(opens, file).toBe(file.endsWith('upstream/dial.ts'))
    }
  })
})

describe('the repository', () => {
  it('names no path of one machine and no registry host', () => {
    // Put together here, so that this file does not name them either.
    const forbidden = [['/work', 'main'].join('/'), ['/ro', 'ot/'].join(''), ['registry', 'npmjs'].join('.')]
    for (const file of tracked.filter((name) => !name.endsWith('.png'))) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      for (const words of forbidden) expect(text.includes(words), `${file} names ${words}`).toBe(false)
    }
  })
})
