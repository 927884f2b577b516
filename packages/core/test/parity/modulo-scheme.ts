import { headerValues } from '../../src/key/header-values.ts'
import { crc32 } from '../../src/parity/crc32.ts'
import type { ParityScheme, ParityServer } from '../../src/parity/parity-scheme.ts'
import { wireBytes } from '../../src/parity/wire-bytes.ts'

/** The mapping of no proxy: CRC-32 modulo the servers that are up, in order; the next ones are tried in turn. */
export function moduloScheme(
  servers: readonly ParityServer[],
  down: ReadonlySet<string> = new Set(),
): ParityScheme {
  const up = servers.filter(({ name }) => !down.has(name))
  const at = (index: number) => up[index % up.length]
  return {
    name: 'modulo',
    servers,
    keyHeaders: ['x-session'],
    key: (request) => {
      const [value] = headerValues(request, 'x-session')
      return value === undefined || value === '' ? undefined : wireBytes(value)
    },
    pick: (key) => at(crc32(key)),
    *attempts(key) {
      for (let tries = 0; tries < 2 && tries < up.length; tries++)
        yield at(crc32(key) + tries) as ParityServer
    },
    without: (more) =>
      more.size === 0 ? moduloScheme(servers, down) : moduloScheme(servers, new Set([...down, ...more])),
  }
}

/** Servers `s1` at 10.0.0.1:80, and so on. */
export function servers(count: number): ParityServer[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `s${index + 1}`,
    address: `10.0.0.${index + 1}:80`,
  }))
}
