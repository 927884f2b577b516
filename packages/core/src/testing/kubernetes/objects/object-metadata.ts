import { createHash } from 'node:crypto'

/** `metadata` of an object that a maker has made. @public */
export interface ObjectMetadata {
  readonly name: string
  readonly generateName?: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
}

/** The object that made this one, and with which this one is deleted. @public */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}

/** When everything was made: makers answer the same for the same, so that a second `put` of it is no write. */
export const MADE_AT = '2026-01-01T00:00:00Z'

/** What every maker takes. @public */
export interface ObjectInit {
  /** Default `default`. */
  readonly namespace?: string
  /** Default: always the same for this kind, namespace and name. */
  readonly uid?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export function objectMetadata(
  kind: string,
  name: string,
  init: ObjectInit,
  labels: Readonly<Record<string, string>>,
): ObjectMetadata {
  const { namespace = 'default', annotations } = init
  const uid = init.uid ?? uidOf(kind, namespace, name)
  return {
    name,
    namespace,
    uid,
    // A server gives it another; here so that the object is whole without one.
    resourceVersion: String(Number.parseInt(uidOf('version', uid, name).slice(0, 6), 16)),
    creationTimestamp: MADE_AT,
    labels: { ...labels, ...init.labels },
    ...(annotations ? { annotations } : {}),
  }
}

/** A uid that looks like one, the same for the same words. */
export function uidOf(...words: readonly string[]): string {
  const hex = createHash('sha256').update(words.join('/')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function ownerReference(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
): OwnerReference {
  return {
    apiVersion,
    kind,
    name,
    uid: uidOf(kind, namespace, name),
    controller: true,
    blockOwnerDeletion: true,
  }
}
