import { isIP } from 'node:net'
import { conditionsOf } from '../../../endpoint/conditions.ts'
import type { Conditions, Identity } from '../../../endpoint/endpoint.ts'
import { addressOf } from '../../../endpoint/endpoint-init.ts'
import type { SliceEndpoint } from './endpoint-slice.ts'
import { type Fault, malformed } from './fault.ts'
import type { ListedEndpoint } from './listed-endpoint.ts'
import { type CheckedSliceOptions, type Family, isWeight } from './slice-options.ts'
import type { ResolvedPort } from './slice-port.ts'

/** What the endpoints of a slice have in common, and where faults go. */
export interface SliceContext {
  readonly slice: string
  readonly family: Family
  readonly port: ResolvedPort
  readonly options: CheckedSliceOptions
  readonly faults: Fault[]
}

/** Names of objects are DNS subdomains. A name with a colon could pass for an address. */
const NAME = /^[a-z\d](?:[-.a-z\d]{0,251}[a-z\d])?$/
const UID = /^[-\w]{1,128}$/
const CONDITIONS = ['ready', 'serving', 'terminating'] as const
/** The API server allows 8 of each. */
const MAX_HINTS = 8
const NONE: readonly string[] = Object.freeze([])

/**
 * Reads one endpoint of a slice. Undefined where what decides who gets its requests is malformed: address, conditions, identity.
 * What only advises, its zone and its hints, is then as if it were missing. Both are told.
 */
export function readEndpoint(context: SliceContext, index: number, raw: unknown): ListedEndpoint | undefined {
  const { slice, family, port, faults, options } = context
  const fault = (field: string, expected: string, got: unknown): undefined => {
    const path = `endpoints[${index}]${field === '' ? '' : `.${field}`}`
    faults.push(malformed(slice, path, expected, got))
  }
  if (!isObject(raw)) return fault('', 'an object', raw)

  const host = Array.isArray(raw.addresses) ? raw.addresses[0] : undefined
  if (typeof host !== 'string' || isIP(host) !== (family === 'IPv4' ? 4 : 6)) {
    return fault('addresses[0]', `an ${family} address`, host)
  }
  const conditions = readConditions(raw.conditions, fault)
  if (!conditions) return undefined
  const ref = readTarget(raw.targetRef, fault)
  if (!ref) return undefined

  const address = addressOf({ host, port: port.number, socketPath: undefined })
  const identity = identityOf(ref, address, options, fault)
  const hints = optional(raw.hints, isObject, () => fault('hints', 'an object', raw.hints))
  return {
    slice,
    pod: ref.uid ?? ref.name ?? address,
    identity,
    host,
    port: port.number,
    address,
    family,
    spoken: port.spoken,
    conditions,
    weight: weightOf(raw as unknown as SliceEndpoint, options, fault),
    zone: optional(raw.zone, isText, () => fault('zone', 'a string', raw.zone)),
    forZones: readHints('hints.forZones', hints?.forZones, fault),
    forNodes: readHints('hints.forNodes', hints?.forNodes, fault),
  }
}

type Tell = (field: string, expected: string, got: unknown) => undefined

function readConditions(raw: unknown, fault: Tell): Conditions | undefined {
  const given = raw ?? {}
  if (!isObject(given)) return fault('conditions', 'an object', raw)
  for (const name of CONDITIONS) {
    const value = given[name]
    if (isGiven(value) && typeof value !== 'boolean') {
      return fault(`conditions.${name}`, 'true or false', value)
    }
  }
  const { ready, serving, terminating } = given
  return conditionsOf(ready !== false, serving !== false, terminating === true)
}

interface Target {
  readonly name: string | undefined
  readonly uid: string | undefined
}

const NOBODY: Target = { name: undefined, uid: undefined }

function readTarget(raw: unknown, fault: Tell): Target | undefined {
  if (raw === undefined || raw === null) return NOBODY
  if (!isObject(raw)) return fault('targetRef', 'an object', raw)
  if (raw.kind !== 'Pod') return NOBODY
  const { name, uid } = raw
  if (isGiven(name) && !(typeof name === 'string' && NAME.test(name))) {
    return fault('targetRef.name', 'the name of a pod', name)
  }
  if (isGiven(uid) && !(typeof uid === 'string' && UID.test(uid))) return fault('targetRef.uid', 'a uid', uid)
  return { name: (name as string | null) ?? undefined, uid: (uid as string | null) ?? undefined }
}

function identityOf(ref: Target, address: string, { identity }: CheckedSliceOptions, fault: Tell): Identity {
  if (identity === 'address') return address
  const known = ref[identity]
  if (known !== undefined) return known
  fault(`targetRef.${identity}`, `the ${identity} of a pod, so its address ${address} is its identity`, known)
  return address
}

function weightOf(endpoint: SliceEndpoint, { weight }: CheckedSliceOptions, fault: Tell): number {
  if (typeof weight === 'number') return weight
  let answered: unknown
  try {
    answered = weight(endpoint)
  } catch (error) {
    answered = error instanceof Error ? error.message : error
  }
  if (isWeight(answered)) return answered
  fault('weight', 'a number from 0 to 65535 from the function of option "weight"', answered)
  return 1
}

function readHints(field: string, raw: unknown, fault: Tell): readonly string[] {
  if (!isGiven(raw)) return NONE
  if (!Array.isArray(raw)) return fault(field, 'a list', raw) ?? NONE
  if (raw.length === 0) return NONE
  const names = raw.slice(0, MAX_HINTS).map((hint) => (isObject(hint) ? hint.name : undefined))
  if (!names.every(isText)) return fault(field, 'a list of objects with a name', raw) ?? NONE
  return names
}

function optional<T>(
  raw: unknown,
  is: (value: unknown) => value is T,
  fault: () => undefined,
): T | undefined {
  if (!isGiven(raw)) return undefined
  return is(raw) ? raw : fault()
}

function isGiven(raw: unknown): boolean {
  return raw !== undefined && raw !== null
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function isText(raw: unknown): raw is string {
  return typeof raw === 'string'
}
