import type { FakeResource } from './resources.ts'
import { qualifiedName } from './resources.ts'

/** Why a request has failed, as the API tells it in bodies and in `ERROR` events (`metav1.Status`). @public */
export interface StatusObject {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string }
  readonly status: 'Failure'
  readonly message: string
  readonly reason?: string
  readonly details?: StatusDetails
  readonly code: number
}

/** @public */
export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  /** The plural of the resource, in spite of its name. */
  readonly kind?: string
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[]
  readonly retryAfterSeconds?: number
}

/**
 * The words of the real server, from `k8s.io/apimachinery/pkg/api/errors/errors.go` and, for versions, `k8s.io/apiserver/pkg/storage`:
 * clients tell some of these failures apart by their words.
 */
export function failure(
  code: number,
  reason: string | undefined,
  message: string,
  details?: StatusDetails,
): StatusObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  }
}

export const badRequest = (message: string): StatusObject => failure(400, 'BadRequest', message)
export const unauthorized = (): StatusObject => failure(401, 'Unauthorized', 'Unauthorized')

/** 403 of RBAC: who may not do what to what, where. */
export function forbidden(
  user: string,
  verb: string,
  resource: FakeResource,
  namespace: string | undefined,
  name: string | undefined,
): StatusObject {
  const subject = name === undefined ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const may = `User "${user}" cannot ${verb} resource "${resource.plural}" in API group "${resource.group}" ${scope}`
  return failure(403, 'Forbidden', `${subject} is forbidden: ${may}`, detailsOf(resource, name))
}

export function notFound(resource: FakeResource, name: string): StatusObject {
  return failure(404, 'NotFound', `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name))
}

export const noSuchPath = (): StatusObject =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {})

export const methodNotAllowed = (): StatusObject =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export const notAcceptable = (): StatusObject =>
  failure(406, 'NotAcceptable', 'only the following media types are accepted: application/json')

export const expired = (message: string): StatusObject => failure(410, 'Expired', message)

/** 410 for a page whose snapshot is compacted, with a token that goes on in the present state. */
export function continueExpired(token: string): StatusObject {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
    'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with ' +
    'the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the ' +
    'first chunk was returned and now may show up in the list.'
  return { ...expired(message), metadata: { continue: token } }
}

/** 422 for list options that do not go together: field and why. */
export function invalidListOptions(
  ...causes: readonly (readonly [field: string, why: string])[]
): StatusObject {
  const lines = causes.map(([field, why]) => `${field}: Forbidden: ${why}`)
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return failure(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${text}`, {
    group: 'meta.k8s.io',
    kind: 'ListOptions',
    causes: causes.map(([field, why]) => ({
      reason: 'FieldValueForbidden',
      message: `Forbidden: ${why}`,
      field,
    })),
  })
}

/** 504 for a version that this server has not reached. The real one waits for it up to three seconds first. */
export function tooLargeVersion(requested: string, current: number): StatusObject {
  return failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

function detailsOf(resource: FakeResource, name: string | undefined): StatusDetails {
  return {
    ...(name === undefined ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  }
}
