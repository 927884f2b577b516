import { describe, expect, it } from 'vitest'
import { vectorFiles, vectorRows } from '../vector-file.ts'
import { type EnvoyHash, envoySchemeOf } from './vector-scheme.ts'

describe.each(vectorFiles(/^envoy-(ring|maglev)-/).map((file) => [file.file, file] as const))(
  'the vectors of %s',
  (_name, file) => {
    const scheme: EnvoyHash = envoySchemeOf(file)
    const named = new Map(file.servers.map(({ name, hashKey }) => [name, hashKey]))

    it('are answered to the byte', () => {
      let rows = 0
      for (const [key, server] of vectorRows(file)) {
        expect(scheme.pick(key)?.name, Buffer.from(key).toString('hex')).toBe(named.get(server as string))
        rows++
      }
      expect(rows).toBe(file.vectors.length + (file.vectorsHex?.length ?? 0))
      expect(rows).toBeGreaterThan(300)
    })

    it('are answered when the key comes in a request, as far as a header can have it', () => {
      for (const [key, server] of vectorRows(file)) {
        const value = Buffer.from(key).toString('latin1')
        const request = { headers: {}, rawHeaders: ['host', 'a', 'X-Session', value] }
        expect(scheme.key(request)).toEqual(new Uint8Array(key))
        expect(scheme.pick(scheme.key(request) as Uint8Array)?.name).toBe(named.get(server as string))
      }
    })
  },
)
