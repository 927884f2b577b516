import type { RequestTarget } from './request-target.ts'
import { fieldSelector, labelSelector, type ObjectTest } from './selector.ts'
import { badRequest, invalidListOptions, type StatusObject } from './status.ts'

/**
 * Whether the server offers watch-list (KEP-3157):
 *
 * - `served`: as from 1.32 on.
 * - `refused`: 422 Invalid, as servers that know the parameter and have the feature off.
 * - `bad-request`: 400, as proxies and aggregated servers do that check parameters strictly.
 * - `ignored`: as servers that never heard of it: the watch goes on, and the end of the initial events is never told.
 *
 * @public
 */
export type WatchListSupport = 'served' | 'refused' | 'bad-request' | 'ignored'

/** The query of a list or watch, read and checked (`ListOptions`). */
export interface ListQuery {
  readonly watch: boolean
  /** Label and field selector together. */
  readonly selects: ObjectTest
  readonly hasSelector: boolean
  /** 0 = none. */
  readonly limit: number
  readonly continue: string
  readonly resourceVersion: string
  readonly match: '' | 'Exact' | 'NotOlderThan'
  /** 0 = not told. */
  readonly timeoutSeconds: number
  readonly bookmarks: boolean
  /** Undefined = not told, which depends on the version. */
  readonly initialEvents: boolean | undefined
}

/** Reads the query as `k8s.io/apimachinery/pkg/apis/meta/internalversion/validation` checks it. */
export function listQuery(
  query: URLSearchParams,
  target: RequestTarget,
  watchList: WatchListSupport,
): ListQuery | StatusObject {
  const text = (name: string) => query.get(name) ?? ''
  const watch = flag(query, 'watch')
  const resourceVersion = text('resourceVersion')
  const initial = watch && watchList === 'ignored' ? null : query.get('sendInitialEvents')
  const match = watch && watchList === 'ignored' ? '' : text('resourceVersionMatch')

  for (const name of ['limit', 'timeoutSeconds']) {
    if (!/^(?:-?\d{1,15})?$/.test(text(name))) {
      return badRequest(`strconv.ParseInt: parsing "${text(name)}": invalid syntax`)
    }
  }
  if (!/^\d*$/.test(resourceVersion)) {
    return badRequest(
      `resourceVersion: Invalid value: "${resourceVersion}": strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`,
    )
  }
  if (initial !== null && watchList === 'bad-request')
    return badRequest('unknown parameter "sendInitialEvents"')
  const causes = watch
    ? watchCauses(match, initial !== null, watchList === 'served')
    : listCauses(match, resourceVersion, text('continue'), initial !== null)
  if (causes.length > 0) return invalidListOptions(...causes)

  const labels = text('labelSelector') === '' ? undefined : labelSelector(text('labelSelector'))
  const fields =
    text('fieldSelector') === '' ? undefined : fieldSelector(text('fieldSelector'), target.resource)
  if (labels && typeof labels !== 'function') return labels
  if (fields && typeof fields !== 'function') return fields

  return {
    watch,
    selects: (object) => (labels?.(object) ?? true) && (fields?.(object) ?? true),
    hasSelector: labels !== undefined || fields !== undefined,
    limit: Math.max(0, Number(text('limit'))),
    continue: text('continue'),
    resourceVersion,
    match: match as ListQuery['match'],
    timeoutSeconds: Math.max(0, Number(text('timeoutSeconds'))),
    bookmarks: flag(query, 'allowWatchBookmarks'),
    // A watch from no version or 0 gets the state first in any case; a server with watch-list then tells its end as well.
    initialEvents:
      initial === null
        ? watch && watchList === 'served' && (resourceVersion === '' || resourceVersion === '0')
          ? true
          : undefined
        : flag(query, 'sendInitialEvents'),
  }
}

type Causes = (readonly [field: string, why: string])[]

function listCauses(match: string, version: string, token: string, hasInitial: boolean): Causes {
  const causes: Causes = []
  const refuse = (why: string) => causes.push(['resourceVersionMatch', why])
  if (match !== '') {
    if (version === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (token !== '') refuse('resourceVersionMatch is forbidden when continue is provided')
    if (match !== 'Exact' && match !== 'NotOlderThan') refuse(`unsupported value "${match}"`)
    if (match === 'Exact' && version === '0') {
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (hasInitial) causes.push(['sendInitialEvents', 'sendInitialEvents is forbidden for list'])
  return causes
}

function watchCauses(match: string, hasInitial: boolean, served: boolean): Causes {
  const causes: Causes = []
  if (hasInitial && match !== 'NotOlderThan') {
    causes.push([
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ])
  }
  if (hasInitial && !served) {
    causes.push([
      'sendInitialEvents',
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    ])
  }
  if (!hasInitial && match !== '') {
    causes.push([
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ])
  }
  return causes
}

/** True unless absent, `0` or `false`, as `k8s.io/apimachinery/pkg/runtime/conversion.go` reads flags. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}
