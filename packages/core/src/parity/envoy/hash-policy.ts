import { headerValues } from '../../key/header-values.ts'
import type { RequestLike } from '../../key/request-like.ts'
import { invalidOption, optionsObject } from '../../option.ts'
import { wireBytes } from '../wire-bytes.ts'
import { booleanOption } from './boolean-option.ts'
import { cookieValue, peerText, queryValue } from './request-parts.ts'

/**
 * One entry of a route's `hash_policy`: what it hashes of a request. `terminal`: the policies behind it count only for requests for which
 * none up to here had anything to hash. Default false.
 *
 * @public
 */
export type EnvoyHashPolicy =
  /** Every line of this header; lines are sorted, so that their order does not matter. An empty value is hashed, too. */
  | { readonly header: string; readonly terminal?: boolean }
  /** The value of this cookie, unless it is empty. One that Envoy itself would set (`ttl`) is not made up. */
  | { readonly cookie: string; readonly terminal?: boolean }
  /** The first value of this parameter of the query, as it stands there, undecoded. An empty value is hashed, too. */
  | { readonly queryParameter: string; readonly terminal?: boolean }
  /** The peer's address without its port (`connection_properties.source_ip`). */
  | { readonly sourceIp: true; readonly terminal?: boolean }

/** Between the values of one policy, and between policies: bytes that no header, cookie or path can have. */
export const VALUE_END = 0x0a
export const POLICY_END = 0x0d

interface CheckedPolicy {
  /** Names in lower case of the headers that it reads. */
  readonly headers: readonly string[]
  readonly terminal: boolean
  readonly values: (request: RequestLike) => readonly string[]
}

/** The policies of a route: which bytes of a request are hashed. */
export class HashPolicies {
  readonly headers: readonly string[]
  readonly #policies: readonly CheckedPolicy[]

  /** @throws StickyError `invalid-option` */
  constructor(path: string, policies: readonly EnvoyHashPolicy[]) {
    if (!Array.isArray(policies) || policies.length === 0) {
      throw invalidOption(path, 'an array of one policy or more', policies)
    }
    this.#policies = policies.map((policy, index) => checkPolicy(`${path}[${index}]`, policy))
    this.headers = [...new Set(this.#policies.flatMap(({ headers }) => headers))]
  }

  /**
   * The values of each policy, sorted, with LF between them; a CR between what policies gave that had something to hash.
   * Undefined if none had, and Envoy takes a host at random.
   */
  key(request: RequestLike): Uint8Array | undefined {
    let text: string | undefined
    for (const { values, terminal } of this.#policies) {
      const found = values(request)
      if (found.length > 0) {
        const part = found.length === 1 ? (found[0] as string) : found.toSorted().join('\n')
        text = text === undefined ? part : `${text}\r${part}`
      }
      if (terminal && text !== undefined) break
    }
    return text === undefined ? undefined : wireBytes(text)
  }
}

const KINDS = ['header', 'cookie', 'queryParameter', 'sourceIp'] as const
/** A policy as it may come from a config that was not checked. */
type PolicyFields = { readonly [field in (typeof KINDS)[number] | 'terminal']?: unknown }

/** A name by RFC 9110 5.6.2; Envoy's pseudo headers (`:path`) are not covered. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function checkPolicy(path: string, policy: EnvoyHashPolicy): CheckedPolicy {
  const fields = optionsObject<PolicyFields>(path, policy, [...KINDS, 'terminal'])
  const [kind, other] = KINDS.filter((name) => fields[name] !== undefined)
  if (!kind || other) throw invalidOption(path, `one of ${KINDS.join(', ')}`, policy)
  const terminal = booleanOption(`${path}.terminal`, fields.terminal ?? false)
  const value = fields[kind]
  if (kind === 'sourceIp') {
    if (value !== true) throw invalidOption(`${path}.sourceIp`, 'true', value)
    return { headers: [], terminal, values: (request) => some(peerText(request)) }
  }
  if (typeof value !== 'string' || value === '') throw invalidOption(`${path}.${kind}`, 'a name', value)
  switch (kind) {
    case 'header': {
      if (!TOKEN.test(value)) throw invalidOption(`${path}.header`, 'the name of a header', value)
      const name = value.toLowerCase()
      return { headers: [name], terminal, values: (request) => headerValues(request, name) }
    }
    case 'cookie':
      return { headers: ['cookie'], terminal, values: (request) => some(cookieValue(request, value)) }
    case 'queryParameter':
      return { headers: [], terminal, values: (request) => some(queryValue(request, value)) }
  }
}

function some(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value]
}
