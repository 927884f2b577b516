import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { ServedRoute } from '../../../src/route/route.ts'
import type { Known } from './endpoint-view.ts'
import type { Entry } from './ledger.ts'

/** One request on its way, as far as the laws need to know it. */
export interface Way {
  readonly replica: number
  readonly key: string | undefined
  /** Endpoints where a connection of it has failed. */
  readonly tried: Set<Identity>
  route: ServedRoute | undefined
  /** The endpoint of `route`, as it was known then. */
  at: Known | undefined
  /** The binding that the request knows. */
  seen: Entry | undefined
  /** The request made that binding itself: moving it on is part of the same placement. */
  isOwn: boolean
  /** What stood before it. */
  replaced: Entry | 'nothing' | undefined
  /** Its own binding no longer stands, which it may or may not have seen. */
  isUnsure: boolean
  /** It made a binding, which may be gone by now. */
  hasMade: boolean
  /** Connections that have failed. */
  nexts: number
  /** When its wait ends; undefined before it waits. */
  holdUntil: number | undefined
  /** The caller went away. */
  isAborted: boolean
  /** A failed connection led to this decision, and no new request. */
  isNext: boolean
  /** The answer had to be waited for. */
  wasHeld: boolean
}

/** A request under way, with what its caller does. */
export interface OpenWay extends Way {
  readonly abort: AbortController
  readonly isLeased: boolean
  isHeld: boolean
  /** Requests that may wait, if as many did already when it began to: one of them may have been woken by that. */
  mostWaiting: number | undefined
  isSettled: boolean
  isDone: boolean
}

export function newWay(replica: number, key: string | undefined, isLeased: boolean): OpenWay {
  return {
    replica,
    key,
    tried: new Set(),
    route: undefined,
    at: undefined,
    seen: undefined,
    isOwn: false,
    replaced: undefined,
    isUnsure: false,
    hasMade: false,
    nexts: 0,
    holdUntil: undefined,
    isAborted: false,
    isNext: false,
    wasHeld: false,
    abort: new AbortController(),
    isLeased,
    isHeld: false,
    mostWaiting: undefined,
    isSettled: false,
    isDone: false,
  }
}
