import { StickyError } from '../error.ts'
import { APP_PROTOCOLS, type SpokenProtocol, spokenProtocol } from './app-protocol.ts'
import { conditionsOf } from './conditions.ts'
import type { Conditions, Endpoint, EndpointInit } from './endpoint.ts'

const READY: Conditions = conditionsOf(true, true, false)

const FIELDS: ReadonlySet<string> = new Set([
  'identity',
  'name',
  'host',
  'port',
  'socketPath',
  'protocol',
  'httpVersion',
  'appProtocol',
  'weight',
  'zone',
  'conditions',
] satisfies (keyof EndpointInit)[])

/** Kubernetes names have at most 253 characters. Control characters would break log lines and explanations. */
const IDENTITY = /^[\x20-\x7e\xa0-\xff]{1,253}$/
/** A name or an address: nothing that could end the host in a URL or a header. */
const HOST = /^[\w.:%-]+$/
/** `sun_path` has 108 bytes on Linux, its last a NUL. */
const SOCKET_PATH = /^\/[\x20-\x7e\x80-\xff]{1,106}$/

/** Where an endpoint is. */
type Place = Pick<Endpoint, 'host' | 'port' | 'socketPath'>

/**
 * Turns what users write into an endpoint. `path` names it in errors: `endpoints[2]`.
 *
 * @throws StickyError `invalid-endpoint`
 */
export function endpointFrom(path: string, init: string | URL | EndpointInit): Endpoint {
  const fields = typeof init === 'string' || init instanceof URL ? fieldsOfUrl(path, init) : init
  return endpointFromFields(path, fields)
}

function endpointFromFields(path: string, init: EndpointInit): Endpoint {
  if (typeof init !== 'object' || init === null) throw invalid(path, 'a URL or an endpoint object', init)
  for (const field of Object.keys(init)) {
    if (!FIELDS.has(field)) {
      const known = [...FIELDS].join(', ')
      throw new StickyError('invalid-endpoint', `${path}.${field} is unknown; known: ${known}`)
    }
  }
  const { name, weight = 1, zone, conditions } = init
  const place = placeFrom(path, init)
  const spoken = spokenFrom(path, init)
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 65_535)) {
    throw invalid(`${path}.weight`, 'a number from 0 to 65535', weight)
  }
  if (zone !== undefined && typeof zone !== 'string') throw invalid(`${path}.zone`, 'a string', zone)
  if (name !== undefined && !isIdentity(name))
    throw invalid(`${path}.name`, '1 to 253 printable characters', name)
  const identity = init.identity ?? name ?? addressOf(place)
  if (!isIdentity(identity)) throw invalid(`${path}.identity`, '1 to 253 printable characters', identity)
  // Written out: objects of one shape keep the request path fast.
  return Object.freeze({
    identity,
    host: place.host,
    port: place.port,
    socketPath: place.socketPath,
    protocol: spoken.protocol,
    httpVersion: spoken.httpVersion,
    weight,
    zone,
    conditions: conditionsFrom(`${path}.conditions`, conditions),
  })
}

function placeFrom(path: string, { host, port, socketPath }: EndpointInit): Place {
  if (socketPath !== undefined) {
    if (host !== undefined || port !== undefined) {
      throw new StickyError('invalid-endpoint', `${path}: expected a socketPath or host and port, got both`)
    }
    if (typeof socketPath !== 'string' || !SOCKET_PATH.test(socketPath)) {
      throw invalid(`${path}.socketPath`, 'an absolute path of at most 107 bytes', socketPath)
    }
    return { host: 'localhost', port: 0, socketPath }
  }
  if (typeof host !== 'string' || !HOST.test(host))
    throw invalid(`${path}.host`, 'a host name or address', host)
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid(`${path}.port`, 'an integer from 1 to 65535', port)
  }
  return { host, port, socketPath: undefined }
}

function spokenFrom(path: string, init: EndpointInit): SpokenProtocol {
  const { appProtocol } = init
  const named = typeof appProtocol === 'string' ? spokenProtocol(appProtocol) : undefined
  if (appProtocol !== undefined && !named) {
    throw invalid(`${path}.appProtocol`, `one of ${APP_PROTOCOLS.join(', ')}`, appProtocol)
  }
  const { protocol = named?.protocol ?? 'http:', httpVersion = named?.httpVersion ?? '1.1' } = init
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw invalid(`${path}.protocol`, "'http:' or 'https:'", protocol)
  }
  if (httpVersion !== '1.1' && httpVersion !== '2') {
    throw invalid(`${path}.httpVersion`, "'1.1' or '2'", httpVersion)
  }
  return { protocol, httpVersion }
}

export function addressOf({ host, port, socketPath }: Place): string {
  if (socketPath !== undefined) return `unix:${socketPath}`
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function conditionsFrom(path: string, given: Partial<Conditions> | undefined): Conditions {
  if (given === undefined) return READY
  if (typeof given !== 'object' || given === null) throw invalid(path, 'an object', given)
  for (const condition of Object.keys(given)) {
    if (!Object.hasOwn(READY, condition)) {
      throw new StickyError(
        'invalid-endpoint',
        `${path}.${condition} is unknown; known: ready, serving, terminating`,
      )
    }
    const value = given[condition as keyof Conditions]
    if (typeof value !== 'boolean') throw invalid(`${path}.${condition}`, 'true or false', value)
  }
  const { ready = true, serving = true, terminating = false } = given
  return conditionsOf(ready, serving, terminating)
}

function isIdentity(value: unknown): value is string {
  return typeof value === 'string' && IDENTITY.test(value)
}

/** The schemes of endpoints that are written as URLs, and what each says. */
const SCHEMES: ReadonlyMap<string, SpokenProtocol & { readonly port: number }> = new Map([
  ['http:', { protocol: 'http:', httpVersion: '1.1', port: 80 }],
  ['https:', { protocol: 'https:', httpVersion: '1.1', port: 443 }],
  ['h2c:', { protocol: 'http:', httpVersion: '2', port: 80 }],
  ['h2:', { protocol: 'https:', httpVersion: '2', port: 443 }],
])

function fieldsOfUrl(path: string, text: string | URL): EndpointInit {
  if (String(text).startsWith('unix:/')) return { socketPath: String(text).slice('unix:'.length) }
  const url = URL.canParse(String(text)) ? new URL(text) : undefined
  const scheme = url && SCHEMES.get(url.protocol)
  if (!scheme || url.hostname === '') {
    throw invalid(
      path,
      'a URL such as http://10.0.0.1:8080, h2c://10.0.0.1:50051 or unix:/run/app.sock',
      String(text),
    )
  }
  const extra = url.username || url.password || url.search || url.hash
  if (extra || (url.pathname !== '/' && url.pathname !== '')) {
    throw invalid(
      path,
      'a URL of protocol, host and port alone',
      `one with more (${url.protocol}//${url.host})`,
    )
  }
  return {
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? scheme.port : Number(url.port),
    protocol: scheme.protocol,
    httpVersion: scheme.httpVersion,
  }
}

function invalid(path: string, expected: string, got: unknown): StickyError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 80)) : String(got)
  return new StickyError('invalid-endpoint', `${path}: expected ${expected}, got ${shown}`)
}
