import { StickyError } from '../../../error.ts'
import type { KubernetesPod } from './endpoint-slice.ts'
import { shown } from './fault.ts'
import { isWeight } from './slice-options.ts'

/** What {@link PodWeights} needs of the Service. */
export interface PodWeightsHost {
  /** Name of an annotation, or a function. */
  readonly source: string | ((pod: KubernetesPod) => number | undefined)
  /** The weight of the pod is another now. */
  readonly changed: (pod: string) => void
  /** Told of a weight that is none, once while it stays the same. */
  readonly failed: (error: StickyError) => void
}

/**
 * The weights that pods ask for, by uid. Filled as a collection of pods is watched. Only pods that ask for one are kept: a
 * namespace has others.
 */
export class PodWeights {
  readonly #host: PodWeightsHost
  readonly #weights = new Map<string, number>()
  /** The messages about pods whose weight is none. */
  readonly #faults = new Map<string, string>()

  constructor(host: PodWeightsHost) {
    this.#host = host
  }

  /** The weight of the pod with this uid; undefined if it asks for none, or is not known. */
  get(pod: string): number | undefined {
    return this.#weights.get(pod)
  }

  replaced(pods: readonly KubernetesPod[]): void {
    const present = new Set(pods.map(uidOf))
    for (const uid of [...this.#weights.keys(), ...this.#faults.keys()]) {
      if (!present.has(uid)) this.#forget(uid)
    }
    for (const pod of pods) this.put(pod)
  }

  put(pod: KubernetesPod): void {
    const uid = uidOf(pod)
    if (uid === undefined) return
    const asked = this.#askedBy(uid, pod)
    if (asked === this.#weights.get(uid)) return
    if (asked === undefined) this.#weights.delete(uid)
    else this.#weights.set(uid, asked)
    this.#host.changed(uid)
  }

  removed(pod: KubernetesPod): void {
    const uid = uidOf(pod)
    if (uid !== undefined) this.#forget(uid)
  }

  #forget(uid: string): void {
    this.#faults.delete(uid)
    if (this.#weights.delete(uid)) this.#host.changed(uid)
  }

  #askedBy(uid: string, pod: KubernetesPod): number | undefined {
    const { source } = this.#host
    let asked: unknown
    try {
      asked = typeof source === 'string' ? pod.metadata.annotations?.[source] : source(pod)
    } catch (error) {
      asked = error instanceof Error ? error.message : String(error)
    }
    if (asked === undefined || asked === null) {
      this.#faults.delete(uid)
      return undefined
    }
    const weight = typeof asked === 'string' && /^\d{1,5}(?:\.\d{1,9})?$/.test(asked) ? Number(asked) : asked
    if (isWeight(weight)) {
      this.#faults.delete(uid)
      return weight
    }
    const what = typeof source === 'string' ? `annotation ${source}` : 'the function of option "podWeight"'
    const message = `Pod ${shown(pod.metadata.name)}: ${what}: expected a number from 0 to 65535, got ${shown(asked)}`
    if (this.#faults.get(uid) !== message) {
      this.#faults.set(uid, message)
      this.#host.failed(new StickyError('invalid-endpoint', message))
    }
    return undefined
  }
}

function uidOf(pod: KubernetesPod | null | undefined): string | undefined {
  const uid = (pod as { metadata?: { uid?: unknown } } | null | undefined)?.metadata?.uid
  return typeof uid === 'string' && uid !== '' && uid.length <= 128 ? uid : undefined
}
