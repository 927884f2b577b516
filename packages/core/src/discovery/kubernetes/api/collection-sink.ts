import type { KubernetesObject } from './kubernetes-api.ts'

/**
 * Keeps what a collection holds. Told in order; objects are as the server sent them, so that the sink checks all but
 * `metadata.name`.
 */
export interface CollectionSink<T extends KubernetesObject = KubernetesObject> {
  /** The collection holds exactly these: what is not among them is gone. */
  replaced(items: readonly T[]): void
  /** This one is new, or another than before. */
  put(item: T): void
  /** This one is gone; it comes as it was last. */
  removed(item: T): void
}
