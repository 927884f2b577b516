/** A request as a pod must find it, however it reads. */
export interface PodRequest {
  /** The request line. */
  readonly line: string
  /** Default: none. */
  readonly body?: string
  /** Header lines that must be there, as they are written. */
  readonly has?: readonly string[]
  /** Header names, in lower case, that must not be there. */
  readonly lacks?: readonly string[]
}

/** Bytes that a client sends, and all that may come of them. */
export interface RequestCase {
  readonly name: string
  /** As latin1 text. */
  readonly bytes: string
  /** Statuses of the answers, in order. */
  readonly answers: readonly number[]
  /** `code` of the last answer, where it is ours and not that of node's parser. */
  readonly code?: string
  /** The requests that the pods get, in order. */
  readonly pod: readonly PodRequest[]
  /** The beginning of one more request reaches a pod, which sees its connection closed before the end. */
  readonly isCut?: boolean
  /** The client ends its side behind the bytes. */
  readonly ends?: boolean
  /** Whether the gateway closes the connection. Default: if an answer is 400 or above. */
  readonly closes?: boolean
}

/** Cases that belong together: a row of headings in the docs. */
export interface Family<Case> {
  readonly title: string
  readonly cases: readonly Case[]
}

/** Refused by node's own parser: no byte reaches a pod. */
export function refusedByNode(name: string, bytes: string, status = 400): RequestCase {
  return { name, bytes, answers: [status], pod: [] }
}

/** Refused by `forward()`: no byte reaches a pod. */
export function refused(name: string, bytes: string, code = 'request-malformed'): RequestCase {
  return { name, bytes, answers: [400], code, pod: [] }
}

/** Closed without an answer: no byte reaches a pod. */
export function closed(name: string, bytes: string): RequestCase {
  return { name, bytes, answers: [], pod: [], closes: true }
}

/** The fault shows when the head is on its way: the pod's connection is closed within the request. */
export function cut(name: string, bytes: string, status = 400): RequestCase {
  return { name, bytes, answers: [status], pod: [], isCut: true }
}

/** Goes to the pod. */
export function forwarded(name: string, bytes: string, ...pod: readonly PodRequest[]): RequestCase {
  return { name, bytes, answers: pod.map(() => 200), pod }
}
