import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { type KubernetesObjectInit, objectKey, type StoredObject } from './kubernetes-object.ts'
import type { FakeResource } from './resources.ts'

/** One write. Created: no `previous`. Deleted: no `current`, and `previous` is the last state. */
export interface Change {
  readonly revision: number
  readonly resource: FakeResource
  readonly key: string
  readonly previous: StoredObject | undefined
  readonly current: StoredObject | undefined
}

/** Somewhere in the life of a cluster: a version that starts at 1 would hide clients that count on small ones. */
const FIRST_REVISION = 48_210

/**
 * Objects and the history of their writes under one revision for all resources, as etcd keeps them: the state at any revision
 * that has not been compacted can be had, and changes since.
 */
export class ObjectStore {
  readonly #clock: Clock
  readonly #historyLimit: number
  readonly #objects = new Map<FakeResource, Map<string, StoredObject>>()
  readonly #history: Change[] = []
  readonly #listeners = new Set<(change: Change) => void>()
  #revision = FIRST_REVISION
  #compacted = FIRST_REVISION

  constructor(clock: Clock, historyLimit: number) {
    this.#clock = clock
    this.#historyLimit = historyLimit
  }

  /** The revision of the last write. */
  get revision(): number {
    return this.#revision
  }

  /** The oldest revision whose state is known. */
  get compacted(): number {
    return this.#compacted
  }

  /** Creates or replaces an object. One that is equal to what is stored is no write, as in the real server. */
  put(resource: FakeResource, init: KubernetesObjectInit): StoredObject {
    const namespace = resource.namespaced ? (init.metadata.namespace ?? 'default') : undefined
    const key = objectKey(namespace, init.metadata.name)
    const existing = this.#of(resource).get(key)
    const { uid } = init.metadata
    if (existing && uid !== undefined && uid !== existing.metadata.uid) {
      // An object keeps its uid for life: another uid is another object.
      this.#write(resource, key, undefined)
      return this.put(resource, init)
    }
    const { resourceVersion: _, ...given } = init.metadata as Record<string, unknown>
    const metadata = {
      ...given,
      namespace,
      uid: uid ?? existing?.metadata.uid ?? randomUUID(),
      creationTimestamp:
        init.metadata.creationTimestamp ?? existing?.metadata.creationTimestamp ?? rfc3339(this.#clock.now()),
    }
    // As it will be after the way over the wire: no undefined, no class, nothing shared with the caller.
    const object = JSON.parse(JSON.stringify({ ...init, metadata })) as StoredObject
    if (existing && same(existing, object)) return existing
    return this.#write(resource, key, object) as StoredObject
  }

  /** Deletes an object. False = there is none. */
  remove(resource: FakeResource, namespace: string | undefined, name: string): boolean {
    const key = objectKey(namespace, name)
    if (!this.#of(resource).has(key)) return false
    this.#write(resource, key, undefined)
    return true
  }

  get(resource: FakeResource, namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#of(resource).get(objectKey(namespace, name))
  }

  /** All objects of a resource as they were at a revision that is not compacted, in the order of their keys. */
  at(resource: FakeResource, revision: number): readonly (readonly [key: string, object: StoredObject])[] {
    const objects = new Map(this.#of(resource))
    for (let index = this.#history.length - 1; index >= 0; index--) {
      const change = this.#history[index] as Change
      if (change.revision <= revision) break
      if (change.resource !== resource) continue
      if (change.previous) objects.set(change.key, change.previous)
      else objects.delete(change.key)
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** The writes after a revision that is not compacted, in order. */
  since(resource: FakeResource, revision: number): readonly Change[] {
    return this.#history.filter((change) => change.resource === resource && change.revision > revision)
  }

  /** Forgets every state but the present one. */
  compact(): void {
    this.#history.length = 0
    this.#compacted = this.#revision
  }

  /** Calls `listener` with each write from now on; answers how to end that. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #write(resource: FakeResource, key: string, object: StoredObject | undefined): StoredObject | undefined {
    const objects = this.#of(resource)
    const previous = objects.get(key)
    const revision = ++this.#revision
    const current = object && withVersion(object, revision)
    if (current) objects.set(key, current)
    else objects.delete(key)
    const change = { revision, resource, key, previous, current }
    this.#history.push(change)
    // In one go for many: dropping one at a time would move the whole array with each write.
    if (this.#history.length > this.#historyLimit * 2) {
      const dropped = this.#history.splice(0, this.#history.length - this.#historyLimit)
      this.#compacted = (dropped.at(-1) as Change).revision
    }
    for (const listener of this.#listeners) listener(change)
    return current
  }

  #of(resource: FakeResource): Map<string, StoredObject> {
    const known = this.#objects.get(resource)
    if (known) return known
    const objects = new Map<string, StoredObject>()
    this.#objects.set(resource, objects)
    return objects
  }
}

/** The object with another version, as the real server shows deleted ones with the version of the deletion. */
export function withVersion(object: StoredObject, revision: number): StoredObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

function same(a: StoredObject, b: StoredObject): boolean {
  return JSON.stringify(withVersion(a, 0)) === JSON.stringify(withVersion(b, 0))
}

/** As the API writes times: without fractions. */
function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
