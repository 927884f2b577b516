import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Scene } from './scene.ts'

/** Where an ordinary client asks. */
export type AskedGateway = Pick<Scene, 'port' | 'protocol'>

/** What an ordinary client saw while others attacked. */
export interface Sighting {
  readonly answered: number
  /** Everything but an answer of 200. */
  readonly failures: readonly string[]
  readonly longestMs: number
}

/** An ordinary client: asks again as soon as it was answered, on a new connection each time, until it is stopped. */
export class Bystander {
  readonly #gateway: AskedGateway
  readonly #failures: string[] = []
  #answered = 0
  #longestMs = 0
  #isStopped = false
  readonly #ended: Promise<void>

  constructor(gateway: AskedGateway) {
    this.#gateway = gateway
    this.#ended = this.#run()
  }

  /** Lets the last request end. */
  async stop(): Promise<Sighting> {
    this.#isStopped = true
    await this.#ended
    return { answered: this.#answered, failures: this.#failures, longestMs: this.#longestMs }
  }

  async #run(): Promise<void> {
    do {
      const askedAt = performance.now()
      try {
        const { status } = await ask(this.#gateway, BYSTANDER)
        if (status === 200) this.#answered++
        else this.#failures.push(`status ${status}`)
      } catch (error) {
        this.#failures.push(String(error))
      }
      this.#longestMs = Math.max(this.#longestMs, performance.now() - askedAt)
    } while (!this.#isStopped)
  }
}

/** The ordinary client's key. */
const BYSTANDER = 'bystander'

/** A key whose requests go to another pod than the ordinary client's. */
export async function keyElsewhere(gateway: AskedGateway): Promise<string> {
  const { pod: taken } = await ask(gateway, BYSTANDER)
  for (let i = 0; ; i++) {
    const key = `key-${i}`
    if ((await ask(gateway, key)).pod !== taken) return key
  }
}

/** What came back for a GET, and from which pod. */
export interface Asked {
  readonly status: number
  readonly pod: unknown
}

/** Sends a GET with this key. */
export function ask({ port, protocol }: AskedGateway, key: string, path = '/'): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const init = { port, host: '127.0.0.1', path, agent: false, headers: { 'x-session': key } }
    const request = protocol === 'http1' ? httpRequest : httpsRequest
    const sent = request({ ...init, rejectUnauthorized: false }, (response) => {
      response
        .on('error', reject)
        .on('end', () => resolve({ status: response.statusCode ?? 0, pod: response.headers['x-pod'] }))
      response.resume()
    })
    sent.on('error', reject).end()
  })
}
