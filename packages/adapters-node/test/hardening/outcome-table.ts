import type { Family, RequestCase } from './corpus/case.ts'
import type { Http2Case } from './corpus/http2-requests.ts'
import type { Http2ResponseCase } from './corpus/http2-responses.ts'
import type { ResponseCase } from './corpus/response-case.ts'

/** What a case comes to, in the words of the guide. */
export function requestOutcome({ answers, code, pod, isCut }: RequestCase): string {
  const last = answers.at(-1)
  if (isCut) return `${last}; the pod sees its connection closed within the request`
  if (pod.length > 0)
    return last === 200 ? 'goes to the pod' : `${last}, behind a request that goes to the pod`
  if (last === undefined) return 'the connection is closed'
  return code === undefined ? `${last} of node's parser` : `${last} \`${code}\``
}

/** The same for a response. */
export function responseOutcome({ client, isKept }: ResponseCase): string {
  if (client.kind === 'refused') return `502 \`${client.code ?? 'upstream-malformed'}\``
  if (client.kind === 'cut') return "the client's connection is closed within the answer"
  return isKept ? 'goes to the client' : "goes to the client, and the pod's connection is closed"
}

/** The same for a request of HTTP/2. */
export function http2Outcome({ outcome, isCut, pod }: Http2Case): string {
  if (outcome === 200) return 'goes to the pod'
  if (outcome === 400) return '400 `request-malformed`'
  if (isCut) return 'reset by node; the pod sees its connection closed within the request'
  return pod ? 'reset by node, when the pod has the request without the body' : 'reset by node'
}

/** The same for a response of HTTP/2. */
export function http2ResponseOutcome({ client }: Http2ResponseCase): string {
  if (client === 'cut') return "the client's connection is closed within the answer"
  return client === 502 ? '502' : 'goes to the client'
}

/** One row for each outcome of each family, with the names of its cases. */
export function outcomeTable<Case extends { readonly name: string }>(
  families: readonly Family<Case>[],
  outcomeOf: (one: Case) => string,
): string {
  const rows = families.flatMap(({ title, cases }) =>
    [...Map.groupBy(cases, outcomeOf)].map(
      ([outcome, all]) => `| ${title} | ${outcome} | ${all.map(({ name }) => plain(name)).join('; ')} |`,
    ),
  )
  return ['| what | what becomes of it | cases |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Text that neither Markdown nor Vue takes for its own. */
function plain(text: string): string {
  return text.replace(/[&<>{}|`*\\]/g, (character) => `&#${character.charCodeAt(0)};`)
}
