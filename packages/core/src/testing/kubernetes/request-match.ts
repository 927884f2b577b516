/** Which requests are meant; a member left out takes all. @public */
export interface RequestMatch {
  /** As RBAC has it: `get` = of one object by its name in the path. */
  readonly verb?: 'get' | 'list' | 'watch' | undefined
  /** The plural: `endpointslices`. */
  readonly resource?: string | undefined
  readonly namespace?: string | undefined
}

/** What a request asked for, as far as it can be matched. */
export interface Matched {
  readonly verb: string
  readonly resource: string | undefined
  readonly namespace: string | undefined
}

export function matches(match: RequestMatch, request: Matched): boolean {
  return (
    (match.verb === undefined || match.verb === request.verb) &&
    (match.resource === undefined || match.resource === request.resource) &&
    (match.namespace === undefined || match.namespace === request.namespace)
  )
}
