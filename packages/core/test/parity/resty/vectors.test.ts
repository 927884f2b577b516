import { describe, expect, it } from 'vitest'
import { type ParityScheme, type RestyNode, restyChash } from '../../../src/parity/index.ts'
import { type VectorFile, vectorFiles, vectorRows } from '../vector-file.ts'

function schemeOf({ flavour, servers }: VectorFile): ParityScheme<RestyNode> {
  return flavour === 'apisix'
    ? restyChash({
        flavour: 'apisix',
        nodes: servers.map(({ address, weight }) => ({ address: address as string, weight })),
        hashOn: 'header',
        key: 'X-Session',
      })
    : restyChash({
        flavour: 'ingress-nginx',
        nodes: servers.map(({ address }) => ({ address: address as string })),
        upstreamHashBy: '$http_x_session',
      })
}

describe('what lua-resty-balancer answers', () => {
  it.each(vectorFiles(/^resty-/).map((file) => [file.file, file] as const))('%s', (_name, file) => {
    const scheme = schemeOf(file)
    const names = new Map(file.servers.map(({ name, address }) => [name, address]))
    let rows = 0
    for (const [key, name] of vectorRows(file)) {
      const bytes = scheme.key({
        headers: { 'x-session': Buffer.from(key).toString('latin1') },
      }) as Uint8Array
      expect(Buffer.from(bytes).equals(key)).toBe(true)
      expect(scheme.pick(bytes)?.name).toBe(names.get(name as string))
      expect(scheme.attempts(bytes).next().value).toBe(scheme.pick(bytes))
      rows++
    }
    expect(rows).toBeGreaterThan(300)
  })
})
