import type { StoredObject } from './kubernetes-object.ts'
import type { FakeResource } from './resources.ts'
import { badRequest, type StatusObject } from './status.ts'

export type ObjectTest = (object: StoredObject) => boolean

/** A name that a label can have, its prefix included; values are shorter, which is not checked. */
const KEY = /^[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?$/
const OPERATION = /^(!)?\s*([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([\w.,\s-]*)\))?$/

/**
 * Reads a label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. As in the real one,
 * `!=` and `notin` also take objects without that label.
 */
export function labelSelector(text: string): ObjectTest | StatusObject {
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = []
  // Commas inside parentheses part values, all others part requirements.
  for (const part of text.split(/,(?![^(]*\))/)) {
    const match = OPERATION.exec(part.trim())
    const key = match?.[2] ?? ''
    if (!match || !KEY.test(key) || (match[1] && (match[3] || match[5]))) {
      return badRequest(
        `unable to parse requirement: found '${part.trim()}', expected: !, identifier, or 'end of string'`,
      )
    }
    const [, not, , operator, value = '', set, values = ''] = match
    const options = new Set(set ? values.split(',').map((option) => option.trim()) : [value])
    if (not) tests.push((labels) => labels[key] === undefined)
    else if (operator === '!=' || set === 'notin') tests.push((labels) => !options.has(labels[key] as string))
    else if (operator || set) tests.push((labels) => options.has(labels[key] as string))
    else tests.push((labels) => labels[key] !== undefined)
  }
  return ({ metadata: { labels = {} } }) => tests.every((test) => test(labels))
}

/** Fields that can be selected besides name and namespace (`pkg/apis/core/v1/conversion.go`). */
const MORE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  Service: ['spec.clusterIP', 'spec.type'],
}

/** Reads a field selector: `metadata.name=a`, `==`, `!=`, joined by commas. */
export function fieldSelector(text: string, resource: FakeResource): ObjectTest | StatusObject {
  const tests: ObjectTest[] = []
  for (const part of text.split(',')) {
    const match = /^([\w.]+)(==|=|!=)(.*)$/.exec(part.trim())
    if (!match) return badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const [, field = '', operator, value] = match
    const more = MORE_FIELDS[resource.kind]
    if (!['metadata.name', 'metadata.namespace', ...(more ?? [])].includes(field)) {
      return badRequest(
        more
          ? `field label not supported: ${field}`
          : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      )
    }
    tests.push((object) => (fieldOf(object, field) === value) === (operator !== '!='))
  }
  return (object) => tests.every((test) => test(object))
}

function fieldOf(object: StoredObject, path: string): string {
  let value: unknown = object
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}
