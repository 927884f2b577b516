/**
 * An object to be stored: at least its kind and its name. `uid` and `creationTimestamp` are filled in where they are absent, and
 * `resourceVersion` is always the server's own.
 *
 * @public
 */
export interface KubernetesObjectInit {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    /** Default `default`, for resources that lie in namespaces. */
    readonly namespace?: string
    readonly uid?: string
    readonly creationTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** An object as the server keeps it. Never changed in place. */
export interface StoredObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: StoredMetadata
  readonly [field: string]: unknown
}

export interface StoredMetadata {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** Where an object lies among those of its resource; sorts as etcd's keys do. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}
