import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'

/** A request as the traffic writes it. */
export interface Sent {
  readonly port: number
  readonly key: string
  readonly path?: string
  readonly body?: Buffer
  /** Kept connections, or none: a new one. */
  readonly agent: Agent | false
}

/** What came back, read to its end. */
export interface Answered {
  readonly status: number
  readonly pod: string
  readonly length: number
  readonly text: string
}

export function send({ port, key, path = '/', body, agent }: Sent): ClientRequest {
  const length = body === undefined ? {} : { 'content-length': body.length }
  const headers = { 'x-session': key, ...length }
  const method = body === undefined ? 'GET' : 'POST'
  return httpRequest({ host: '127.0.0.1', port, path, method, headers, agent })
}

/** The head of the response to a request; rejects with what the connection failed with. */
export function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject).on('response', resolve)
  })
}

/** Sends a request and reads its response; rejects if either breaks off. */
export async function ask(what: Sent): Promise<Answered> {
  const sent = send(what)
  const response = responseTo(sent)
  sent.end(what.body)
  const message = await response
  let length = 0
  let text = ''
  for await (const part of message) {
    length += (part as Buffer).length
    if (text.length < 200) text += (part as Buffer).toString('latin1', 0, 200)
  }
  return { status: message.statusCode ?? 0, pod: String(message.headers['x-pod']), length, text }
}
