import { describe, expect, it } from 'vitest'
import type { RequestLike } from '../../../src/key/request-like.ts'
import {
  type HaproxyHashFunction,
  type HaproxyHashKey,
  type HaproxyServer,
  haproxyHash,
  type ParityScheme,
} from '../../../src/parity/index.ts'
import { type VectorFile, vectorFiles, vectorRows } from '../vector-file.ts'

const files = vectorFiles(/^haproxy/)
const placing = files.filter(({ row }) => row === undefined)

/** The options that the file's fields say, without its config text. */
function schemeOf(file: VectorFile): ParityScheme<HaproxyServer> {
  const isRegression = file.hashKey === 'id-3.0-regression'
  return haproxyHash({
    balance: 'hdr(X-Session)',
    hashType: file.scheme === 'haproxy-consistent' ? 'consistent' : 'map-based',
    fn: file.hashFunction as HaproxyHashFunction,
    avalanche: file.avalanche as boolean,
    hashKey: isRegression ? 'id' : (file.hashKey as HaproxyHashKey),
    idMode: isRegression ? '3.0-regression' : 'classic',
    servers: file.servers.map(({ name, id, address, port, weight, down, backup, ...rest }) => ({
      name,
      id,
      address,
      port,
      weight,
      backup,
      disabled: down,
      guid: (rest as { readonly guid?: string }).guid,
    })),
  })
}

function parsed(file: VectorFile): ParityScheme<HaproxyServer> {
  const idMode = file.hashKey === 'id-3.0-regression' ? '3.0-regression' : 'classic'
  return haproxyHash.parse(file.config as string, { idMode })
}

function requestWith(value: Uint8Array): RequestLike {
  return { headers: { 'x-session': Buffer.from(value).toString('latin1') } }
}

/** The keys for which the scheme names another server than HAProxy did; a key is a header's value, which is cut. */
function disagreements(scheme: ParityScheme<HaproxyServer>, file: VectorFile): string[] {
  const wrong: string[] = []
  for (const [value, name] of vectorRows(file)) {
    const key = scheme.key(requestWith(value))
    const server = key && scheme.pick(key)
    if (server?.name !== name) wrong.push(`${Buffer.from(value).toString()}: ${server?.name} for ${name}`)
  }
  return wrong
}

describe('the answers of HAProxy 2.6, 3.2 and 3.4', () => {
  it.each(placing.map((file) => [file.file, file] as const))('%s, by options', (_name, file) => {
    expect(disagreements(schemeOf(file), file)).toEqual([])
  })

  it.each(placing.map((file) => [file.file, file] as const))('%s, by its config text', (_name, file) => {
    const scheme = parsed(file)
    expect(disagreements(scheme, file)).toEqual([])
    expect(scheme.servers.map(({ name, id, weight }) => ({ name, id, weight }))).toEqual(
      file.servers.map(({ name, id, weight }) => ({ name, id, weight })),
    )
    expect(scheme.servers.map(({ isBackup, isDisabled }) => [isBackup, isDisabled])).toEqual(
      file.servers.map(({ backup = false, down = false }) => [backup, down]),
    )
    expect(scheme.servers.map(({ address }) => address)).toEqual(
      file.servers.map(({ address, port }) =>
        address?.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
      ),
    )
  })

  it('are as many as there should be', () => {
    expect(placing.length).toBe(98)
    expect(placing.reduce((sum, file) => sum + [...vectorRows(file)].length, 0)).toBeGreaterThan(29_000)
  })

  it.each(vectorFiles(/^haproxy.*redispatch/).map((file) => [file.file, file] as const))(
    '%s: the row of servers that are tried',
    (_name, file) => {
      const scheme = parsed(file)
      const refusing = new Set(file.servers.filter(({ refuses }) => refuses).map(({ name }) => name))
      for (const [value, answered, tried] of vectorRows(file)) {
        const names: string[] = []
        for (const { name } of scheme.attempts(scheme.key(requestWith(value)) as Uint8Array)) {
          names.push(name)
          if (!refusing.has(name)) break
        }
        expect(names).toEqual(tried)
        expect(refusing.has(names.at(-1) as string) ? null : names.at(-1)).toBe(answered)
      }
    },
  )
})
