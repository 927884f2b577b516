import { choiceOption, integerOption, invalidOption, optionsObject } from '../../option.ts'
import type { HaproxyHashKey, HaproxyServerInit } from './haproxy-options.ts'
import { ipBytes } from './ip-bytes.ts'

export const HASH_KEYS: readonly HaproxyHashKey[] = ['id', 'id32', 'addr', 'addr-port', 'guid']

export const MAX_ID: number = 2 ** 32 - 1
export const MAX_WEIGHT = 256

/** What HAProxy permits in names (`invalid_char` of tools.c). */
export const SERVER_NAME: RegExp = /^[\w.:-]{1,1000}$/
export const GUID: RegExp = /^[\w:-]{1,127}$/

/** Where a server is, as far as a config says. */
export type ServerAddress =
  | { readonly kind: 'ip'; readonly text: string }
  | { readonly kind: 'path'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string }

/** A server whose options are checked and complete. */
export interface CheckedServer {
  readonly name: string
  readonly id: number | undefined
  readonly address: ServerAddress | undefined
  readonly port: number
  readonly weight: number
  readonly isBackup: boolean
  readonly isDisabled: boolean
  readonly guid: string | undefined
  readonly hashKey: HaproxyHashKey | undefined
}

const KNOWN = ['name', 'id', 'address', 'port', 'weight', 'backup', 'disabled', 'guid', 'hashKey'] as const

export function readServer(given: HaproxyServerInit, path: string): CheckedServer {
  const { name, id, address, port, weight, backup, disabled, guid, hashKey } = optionsObject(
    path,
    given,
    KNOWN,
  )
  if (typeof name !== 'string' || !SERVER_NAME.test(name)) {
    throw invalidOption(`${path}.name`, 'a name of letters, digits, ".", ":", "_" and "-"', name)
  }
  if (guid !== undefined && (typeof guid !== 'string' || !GUID.test(guid))) {
    throw invalidOption(`${path}.guid`, '1 to 127 letters, digits, "-", "_" and ":"', guid)
  }
  return {
    name,
    id: id === undefined ? undefined : integerOption(`${path}.id`, id, 1, MAX_ID),
    address: address === undefined ? undefined : addressOption(address, `${path}.address`),
    port: integerOption(`${path}.port`, port ?? 0, 0, 65_535),
    weight: integerOption(`${path}.weight`, weight ?? 1, 0, MAX_WEIGHT),
    isBackup: flagOption(`${path}.backup`, backup ?? false),
    isDisabled: flagOption(`${path}.disabled`, disabled ?? false),
    guid,
    hashKey: hashKey === undefined ? undefined : choiceOption(`${path}.hashKey`, hashKey, HASH_KEYS),
  }
}

export function flagOption(path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidOption(path, 'true or false', value)
  return value
}

function addressOption(text: string, path: string): ServerAddress {
  if (typeof text !== 'string' || text === '' || text.length > 1000) {
    throw invalidOption(path, 'an IP address, a path or a host name', text)
  }
  if (text.startsWith('/')) return { kind: 'path', text }
  if (ipBytes(text) !== undefined) return { kind: 'ip', text }
  if (!HOST_NAME.test(text)) throw invalidOption(path, 'an IP address, a path or a host name', text)
  return { kind: 'name', text }
}

/** Of the characters that DNS has; the last label is no number, or it would be a mistyped IPv4 address. */
export const HOST_NAME: RegExp = /^(?=.{1,253}$)(?!.*\.\d+$)[A-Za-z\d_-]+(?:\.[A-Za-z\d_-]+)*\.?$/
