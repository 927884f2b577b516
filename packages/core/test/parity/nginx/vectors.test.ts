import { describe, expect, it } from 'vitest'
import {
  type NginxMethod,
  type NginxServer,
  nginxHash,
  type ParityScheme,
} from '../../../src/parity/index.ts'
import { type VectorFile, vectorFiles, vectorRows } from '../vector-file.ts'

const METHODS: Readonly<Record<string, NginxMethod>> = {
  'nginx-hash-consistent': 'hash consistent',
  'nginx-hash': 'hash',
  'nginx-ip-hash': 'ip_hash',
}
const files = vectorFiles(/^nginx-/)
const mappings = files.filter(({ file }) => !file.includes('failover'))
const failovers = files.filter(({ file }) => file.includes('failover'))

/** By the config's text, and by the options that say the same. */
function schemes(file: VectorFile): ParityScheme<NginxServer>[] {
  const method = METHODS[file.scheme] as NginxMethod
  return [
    nginxHash.parse(file.config as string),
    nginxHash({
      servers: file.servers.map(({ server, weight, down = false }) => ({
        server: server as string,
        weight,
        down,
      })),
      method,
      ...(method === 'ip_hash' ? {} : { key: '$http_x_session' }),
    }),
  ]
}

/** What a vector's key is to the scheme, by way of a request where the wire's header can say it. */
function bytesOf(file: VectorFile, scheme: ParityScheme, key: Uint8Array): Uint8Array {
  const request =
    file.scheme === 'nginx-ip-hash'
      ? { headers: {}, socket: { remoteAddress: Buffer.from(key).toString('latin1') } }
      : { headers: {}, rawHeaders: ['X-Session', Buffer.from(key).toString('latin1')] }
  return scheme.key(request) as Uint8Array
}

describe('what the running nginx 1.22.1 answered', () => {
  it.each(mappings.map((file) => [file.file, file] as const))('%s', (_name, file) => {
    for (const scheme of schemes(file)) {
      const names = new Map(file.servers.map(({ name, server }) => [name, server]))
      let rows = 0
      for (const [key, name] of vectorRows(file)) {
        const bytes = bytesOf(file, scheme, key)
        if (file.scheme !== 'nginx-ip-hash') expect(Buffer.from(bytes).equals(key)).toBe(true)
        expect(scheme.pick(bytes)?.name, Buffer.from(key).toString()).toBe(names.get(name as string))
        expect(scheme.attempts(bytes).next().value).toBe(scheme.pick(bytes))
        rows++
      }
      expect(rows).toBeGreaterThan(200)
    }
  })

  it.each(failovers.map((file) => [file.file, file] as const))(
    '%s: every server that was tried, in order',
    (_name, file) => {
      const refuses = new Set(file.servers.filter((server) => server.refuses).map(({ server }) => server))
      expect(refuses.size).toBeGreaterThan(0)
      for (const scheme of schemes(file)) {
        const names = new Map(file.servers.map(({ name, server }) => [name, server]))
        let longest = 0
        for (const [key, answered, tried] of vectorRows(file)) {
          const expected = (tried as string[]).map((name) => names.get(name))
          const walked: string[] = []
          for (const { name } of scheme.attempts(bytesOf(file, scheme, key))) {
            walked.push(name)
            if (!refuses.has(name)) break
          }
          expect(walked).toEqual(expected)
          expect(walked.at(-1)).toBe(names.get(answered as string))
          longest = Math.max(longest, walked.length)
        }
        expect(longest).toBeGreaterThan(2)
      }
    },
  )
})
