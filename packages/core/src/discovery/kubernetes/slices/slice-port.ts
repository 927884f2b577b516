import { type SpokenProtocol, spokenProtocol } from '../../../endpoint/app-protocol.ts'
import { type Fault, malformed, shown } from './fault.ts'
import type { CheckedSliceOptions } from './slice-options.ts'

/** The port of a slice that requests go to. */
export interface ResolvedPort {
  readonly number: number
  readonly spoken: SpokenProtocol
}

interface NamedPort {
  readonly name: string
  readonly number: number
  readonly appProtocol: unknown
}

/** Ports of one slice, as the API server allows. */
const MAX_PORTS = 20_000

/** One object for each way to speak, so that they are compared by identity. */
const SPOKEN: readonly SpokenProtocol[] = [
  { protocol: 'http:', httpVersion: '1.1' },
  { protocol: 'http:', httpVersion: '2' },
  { protocol: 'https:', httpVersion: '1.1' },
  { protocol: 'https:', httpVersion: '2' },
]

/**
 * Finds the port in one slice; undefined, with a fault, where there is none. A port without name or number is skipped, as kube-proxy
 * does, and so is one that is not TCP.
 */
export function resolvePort(
  slice: string,
  ports: unknown,
  options: CheckedSliceOptions,
  faults: Fault[],
): ResolvedPort | undefined {
  if (ports !== undefined && ports !== null && !Array.isArray(ports)) {
    faults.push(malformed(slice, 'ports', 'a list', ports))
    return undefined
  }
  const known = (ports ?? []).slice(0, MAX_PORTS).flatMap((port: unknown, index: number) => {
    const read = readPort(slice, `ports[${index}]`, port, faults)
    return read ? [read] : []
  })
  const { port: wanted } = options
  // A headless Service may name no ports at all; its pods still listen on one.
  if (typeof wanted === 'number' && (ports ?? []).length === 0) {
    return { number: wanted, spoken: spokenBy(slice, undefined, options, faults) }
  }
  const found = choose(known, wanted)
  if (found) return { number: found.number, spoken: spokenBy(slice, found.appProtocol, options, faults) }
  faults.push(notFound(slice, known, wanted))
  return undefined
}

function choose(known: readonly NamedPort[], wanted: string | number | undefined): NamedPort | undefined {
  if (typeof wanted === 'number') return known.find(({ number }) => number === wanted)
  if (wanted !== undefined) return known.find(({ name }) => name === wanted)
  return known.length === 1 ? known[0] : known.find(({ name }) => name === '')
}

/** One fault for all slices that have the same ports: fifty of them say nothing more. */
function notFound(slice: string, known: readonly NamedPort[], wanted: string | number | undefined): Fault {
  const has = known.map(({ name, number }) => `${shown(name)} ${number}`).join(', ') || 'none'
  const expected =
    wanted === undefined ? 'one TCP port, or one without a name' : `a TCP port ${shown(wanted)}`
  const listed = has.length > 200 ? `${known.length} ports` : has
  const message = `EndpointSlice ${slice}: ports: expected ${expected} (option "port"), got ${listed}; its endpoints are left out`
  return { key: `no port among ${listed}`, message }
}

function readPort(slice: string, field: string, port: unknown, faults: Fault[]): NamedPort | undefined {
  if (typeof port !== 'object' || port === null) {
    faults.push(malformed(slice, field, 'an object', port))
    return undefined
  }
  const { name, port: number, protocol, appProtocol } = port as Record<string, unknown>
  if (protocol !== undefined && protocol !== null && protocol !== 'TCP') return undefined
  if (name === undefined || name === null || number === undefined || number === null) return undefined
  if (typeof name !== 'string') {
    faults.push(malformed(slice, `${field}.name`, 'a string', name))
    return undefined
  }
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 65_535) {
    faults.push(malformed(slice, `${field}.port`, 'an integer from 1 to 65535', number))
    return undefined
  }
  return { name, number, appProtocol }
}

/** The options outrank the port; a protocol that is not spoken here is taken for HTTP/1.1, and told. */
function spokenBy(
  slice: string,
  appProtocol: unknown,
  options: CheckedSliceOptions,
  faults: Fault[],
): SpokenProtocol {
  const { protocol, httpVersion } = options
  const isSaid = appProtocol !== undefined && appProtocol !== null && appProtocol !== ''
  const named = typeof appProtocol === 'string' ? spokenProtocol(appProtocol) : undefined
  if (isSaid && !named && !(protocol && httpVersion)) {
    const expected = 'a protocol that is known here, else options "protocol" and "httpVersion" say it'
    faults.push({
      key: `appProtocol ${shown(appProtocol)}`,
      message: malformed(slice, 'appProtocol', expected, appProtocol).message,
    })
  }
  const [scheme, version] = [
    protocol ?? named?.protocol ?? 'http:',
    httpVersion ?? named?.httpVersion ?? '1.1',
  ]
  return SPOKEN.find(
    (spoken) => spoken.protocol === scheme && spoken.httpVersion === version,
  ) as SpokenProtocol
}
