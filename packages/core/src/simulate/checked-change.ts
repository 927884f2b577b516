import { choiceOption, integerOption, invalidOption, optionsObject } from '../option.ts'
import type { Change, SimulatedEndpointInit } from './change.ts'
import { MOST_ENDPOINTS } from './fleet.ts'

const KINDS = ['scale', 'add', 'remove', 'weight', 'restart', 'rolling-update'] as const
const MOST_CHANGES = 1_000
const LATIN1 = /^[\0-\xff]{1,253}$/
const HOST = /^[\w.-]{1,253}$/

/** The changes, frozen; what they name is looked for once it is known who is there. @throws StickyError `invalid-option` */
export function checkedChanges(path: string, changes: Iterable<Change>): readonly Change[] {
  const list = listOf<Change>(path, changes, MOST_CHANGES, 'changes')
  return Object.freeze(list.map((change, index) => checkedChange(`${path}[${index}]`, change)))
}

/** An endpoint as the user has written it. @throws StickyError `invalid-option` */
export function checkedEndpoint(path: string, init: SimulatedEndpointInit): SimulatedEndpointInit {
  optionsObject(path, init, ['identity', 'weight', 'host', 'port'])
  const { identity, weight, host, port } = init
  if (typeof identity !== 'string' || !LATIN1.test(identity)) {
    throw invalidOption(`${path}.identity`, 'a text of 1 to 253 characters up to 0xFF', identity)
  }
  if (weight !== undefined) weightOption(`${path}.weight`, weight)
  if (host !== undefined && (typeof host !== 'string' || !HOST.test(host))) {
    throw invalidOption(`${path}.host`, 'an IPv4 address or a name', host)
  }
  if (port !== undefined) integerOption(`${path}.port`, port, 1, 65_535)
  return Object.freeze({ ...init })
}

/** Endpoints as the user has written them. @throws StickyError `invalid-option` */
export function checkedEndpoints(
  path: string,
  endpoints: Iterable<SimulatedEndpointInit>,
): readonly SimulatedEndpointInit[] {
  const list = listOf<SimulatedEndpointInit>(path, endpoints, MOST_ENDPOINTS, 'endpoints')
  return Object.freeze(list.map((init, index) => checkedEndpoint(`${path}[${index}]`, init)))
}

function checkedChange(path: string, change: Change): Change {
  if (typeof change !== 'object' || change === null) throw invalidOption(path, 'a change', change)
  choiceOption(`${path}.kind`, change.kind, KINDS)
  switch (change.kind) {
    case 'scale': {
      optionsObject(path, change, ['kind', 'to', 'weight'])
      integerOption(`${path}.to`, change.to, 0, MOST_ENDPOINTS)
      if (change.weight !== undefined) weightOption(`${path}.weight`, change.weight)
      return Object.freeze({ ...change })
    }
    case 'add': {
      optionsObject(path, change, ['kind', 'endpoints'])
      const endpoints = checkedEndpoints(`${path}.endpoints`, change.endpoints)
      if (endpoints.length === 0) throw invalidOption(`${path}.endpoints`, 'at least one endpoint', endpoints)
      return Object.freeze({ ...change, endpoints })
    }
    case 'remove': {
      optionsObject(path, change, ['kind', 'endpoints'])
      return Object.freeze({ ...change, endpoints: identities(`${path}.endpoints`, change.endpoints) })
    }
    case 'weight': {
      optionsObject(path, change, ['kind', 'endpoint', 'weight'])
      weightOption(`${path}.weight`, change.weight)
      return Object.freeze({ ...change })
    }
    case 'restart': {
      optionsObject(path, change, ['kind', 'endpoints', 'atOnce'])
      if (change.atOnce !== undefined) integerOption(`${path}.atOnce`, change.atOnce, 1, MOST_ENDPOINTS)
      if (change.endpoints === undefined) return Object.freeze({ ...change })
      return Object.freeze({ ...change, endpoints: identities(`${path}.endpoints`, change.endpoints) })
    }
    case 'rolling-update': {
      optionsObject(path, change, ['kind', 'maxSurge', 'maxUnavailable'])
      const { maxSurge = 1, maxUnavailable = 0 } = change
      integerOption(`${path}.maxSurge`, maxSurge, 0, MOST_ENDPOINTS)
      integerOption(`${path}.maxUnavailable`, maxUnavailable, 0, MOST_ENDPOINTS)
      if (maxSurge + maxUnavailable === 0) {
        throw invalidOption(`${path}.maxUnavailable`, 'above 0 where "maxSurge" is 0', maxUnavailable)
      }
      return Object.freeze({ ...change })
    }
  }
}

/** Texts, each once; whether they are in the pool then is not known here. */
function identities(path: string, list: readonly string[]): readonly string[] {
  const checked = listOf<string>(path, list, MOST_ENDPOINTS, 'identities')
  if (checked.length === 0 || new Set(checked).size < checked.length) {
    throw invalidOption(path, 'at least one identity, and each once', checked)
  }
  return Object.freeze(checked)
}

function listOf<T>(path: string, value: Iterable<T>, most: number, what: string): T[] {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value
  if (!isIterable) throw invalidOption(path, `a list of ${what}`, value)
  const list: T[] = []
  for (const item of value) {
    if (list.length === most) throw invalidOption(path, `at most ${most} ${what}`, 'more')
    list.push(item)
  }
  return list
}

function weightOption(path: string, weight: unknown): void {
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 65_535)) {
    throw invalidOption(path, 'a number from 0 to 65535', weight)
  }
}
