import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { FakeKubernetes, KubernetesObjectInit } from '../../src/testing/index.ts'

export const SLICES = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'

/** Whatever a body of the API holds. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many kinds
export type Body = any

/** A complete answer. */
export interface Asked {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: Body
}

/** Sends a request with the valid token and answers once the head of the response is there. */
export async function opened(
  api: FakeKubernetes,
  path: string,
  options: RequestOptions = {},
): Promise<IncomingMessage> {
  const { headers, ...rest } = options
  const sent = request(`${api.url}${path}`, {
    ca: api.ca,
    agent: false,
    headers: headers ?? { authorization: `Bearer ${api.token}` },
    ...rest,
  })
  // A reset in the middle of a response is told to both.
  sent.on('error', () => undefined)
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

/** Asks, and reads the answer to its end. */
export async function asked(api: FakeKubernetes, path: string, options?: RequestOptions): Promise<Asked> {
  const response = await opened(api, path, options)
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += part
  const isJson = response.headers['content-type'] === 'application/json'
  return {
    status: response.statusCode as number,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  }
}

/** An open watch, event by event. */
export class Watching {
  readonly #response: IncomingMessage
  readonly #events: Body[] = []
  #rest = ''
  #isOver = false
  #error: unknown
  #arrived: () => void = () => undefined

  constructor(response: IncomingMessage) {
    this.#response = response
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      const lines = `${this.#rest}${part}`.split('\n')
      this.#rest = lines.pop() as string
      this.#events.push(...lines.map((line) => JSON.parse(line)))
      this.#arrived()
    })
    response.on('error', (error) => {
      this.#error = error
    })
    response.on('close', () => {
      this.#isOver = true
      this.#arrived()
    })
  }

  /** The next so many events, as `TYPE name@version`. */
  async next(count: number): Promise<string[]> {
    return (await this.events(count)).map(({ type, object }) =>
      type === 'ERROR'
        ? `ERROR ${object.code} ${object.reason}`
        : `${type} ${object.metadata.name ?? ''}@${object.metadata.resourceVersion}`,
    )
  }

  async events(count: number): Promise<Body[]> {
    await this.#until(() => this.#events.length >= count || this.#isOver)
    return this.#events.splice(0, count)
  }

  /** What came besides, once the watch has ended, and how: undefined = in good order. */
  async ended(): Promise<{ readonly error: unknown; readonly events: Body[]; readonly rest: string }> {
    await this.#until(() => this.#isOver)
    return { error: this.#error, events: this.#events.splice(0), rest: this.#rest }
  }

  close(): void {
    this.#response.destroy()
  }

  #until(ready: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (ready()) resolve()
      }
      this.#arrived = check
      check()
    })
  }
}

/** Opens a watch of the slices of namespace `shop`. */
export async function watching(
  api: FakeKubernetes,
  query: Readonly<Record<string, string | number | boolean>> = {},
  path: string = SLICES,
): Promise<Watching> {
  const search = new URLSearchParams({
    watch: 'true',
    ...Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
  })
  return new Watching(await opened(api, `${path}?${search}`))
}

/** A slice with only what the API itself looks at. */
export function slice(
  name: string,
  labels: Readonly<Record<string, string>> = {},
  namespace = 'shop',
): KubernetesObjectInit {
  const spec = {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels },
    ...spec,
  }
}
