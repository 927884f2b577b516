import { StickyError } from '../error.ts'
import type { Conditions, Endpoint, EndpointInit } from './endpoint.ts'

const READY: Conditions = { ready: true, serving: true, terminating: false }

const FIELDS: readonly string[] = [
  'identity',
  'name',
  'host',
  'port',
  'protocol',
  'weight',
  'zone',
  'conditions',
] satisfies readonly (keyof EndpointInit)[]

/** Kubernetes names have at most 253 characters. Control characters would break log lines and explanations. */
const IDENTITY = /^[\x20-\x7e\xa0-\xff]{1,253}$/
/** A name or an address: nothing that could end the host in a URL or a header. */
const HOST = /^[\w.:%-]+$/

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
    if (!FIELDS.includes(field)) {
      const known = FIELDS.join(', ')
      throw new StickyError('invalid-endpoint', `${path}.${field} is unknown; known: ${known}`)
    }
  }
  const { host, port, name, protocol = 'http:', weight = 1, zone, conditions } = init
  if (typeof host !== 'string' || !HOST.test(host))
    throw invalid(`${path}.host`, 'a host name or address', host)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw invalid(`${path}.port`, 'an integer from 1 to 65535', port)
  }
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw invalid(`${path}.protocol`, "'http:' or 'https:'", protocol)
  }
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 65_535)) {
    throw invalid(`${path}.weight`, 'a number from 0 to 65535', weight)
  }
  if (zone !== undefined && typeof zone !== 'string') throw invalid(`${path}.zone`, 'a string', zone)
  if (name !== undefined && !isIdentity(name))
    throw invalid(`${path}.name`, '1 to 253 printable characters', name)
  const identity = init.identity ?? name ?? `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (!isIdentity(identity)) throw invalid(`${path}.identity`, '1 to 253 printable characters', identity)
  return Object.freeze({
    identity,
    host,
    port,
    protocol,
    weight,
    zone,
    conditions: conditionsFrom(`${path}.conditions`, conditions),
  })
}

function conditionsFrom(path: string, given: Partial<Conditions> | undefined): Conditions {
  if (given === undefined) return READY
  if (typeof given !== 'object' || given === null) throw invalid(path, 'an object', given)
  for (const [condition, value] of Object.entries(given)) {
    if (!Object.hasOwn(READY, condition)) {
      throw new StickyError(
        'invalid-endpoint',
        `${path}.${condition} is unknown; known: ready, serving, terminating`,
      )
    }
    if (typeof value !== 'boolean') throw invalid(`${path}.${condition}`, 'true or false', value)
  }
  return Object.freeze({ ...READY, ...given })
}

function isIdentity(value: unknown): value is string {
  return typeof value === 'string' && IDENTITY.test(value)
}

function fieldsOfUrl(path: string, text: string | URL): EndpointInit {
  const url = URL.canParse(String(text)) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw invalid(path, 'a URL such as http://10.0.0.1:8080', String(text))
  }
  const extra = url.username || url.password || url.search || url.hash
  if (extra || url.pathname !== '/') {
    throw invalid(
      path,
      'a URL of protocol, host and port alone',
      `one with more (${url.protocol}//${url.host})`,
    )
  }
  return {
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port),
    protocol: url.protocol,
  }
}

function invalid(path: string, expected: string, got: unknown): StickyError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 80)) : String(got)
  return new StickyError('invalid-endpoint', `${path}: expected ${expected}, got ${shown}`)
}
