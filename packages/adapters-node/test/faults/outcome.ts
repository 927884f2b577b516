import type { Kind } from './client.ts'

/** What one request came to: stated beside each fault, and measured. */
export interface Outcome {
  /** What the client saw; `next pod` = a whole answer of the pod that has no fault. */
  readonly client: string
  /** How often the request's head was read by the pod with the fault, and by the next one. */
  readonly read: readonly [faulty: number, next: number]
  /** Where the key is bound afterwards. */
  readonly key: 'stays' | 'moves'
}

/** The outcome of each kind of request; those left out mean nothing for a fault. */
export type Outcomes = { readonly [K in Kind]?: Outcome }

/** The request was served by the next pod, after the one with the fault had read its head so many times. */
export function nextPod(read = 0): Outcome {
  return { client: 'next pod', read: [read, 1], key: 'moves' }
}

/** The request stayed at the pod with the fault, and the client saw this. */
export function here(client: string, read = 1): Outcome {
  return { client, read: [read, 0], key: 'stays' }
}

/** The same for each kind of request. */
export function each(outcome: Outcome): Outcomes {
  return { get: outcome, kept: outcome, post: outcome, stream: outcome, upgrade: outcome }
}

/**
 * The pod's connection ended before a byte of an answer. A GET goes to the next pod; one on a connection kept alive is first
 * tried at the same pod once more. `read`: whether the pod read the head of a request before.
 */
export function unanswered(read: 0 | 1): Outcomes {
  const failed = here('502 upstream-reset', read)
  return {
    get: nextPod(read),
    kept: nextPod(2 * read),
    post: failed,
    stream: failed,
    upgrade: failed,
  }
}
