import type { ServerOptions } from 'node:http'
import { afterAll, beforeAll, expect } from 'vitest'
import { type CorpusGateway, startGateway } from './corpus-gateway.ts'
import { finalAnswers } from './every-reading.ts'
import { readRequests } from './message-reader.ts'
import { lastRequest, talk } from './raw-client.ts'
import { ownAnswer, type PodAnswer } from './recording-pod.ts'

/** How a `describe` has its gateway. */
export interface RunningOptions {
  readonly server?: ServerOptions
  readonly stallMs?: number
  /** Default: each request its own answer. */
  readonly answer?: PodAnswer
}

/** A gateway for the tests of a `describe`. */
export interface RunningGateway {
  gateway(): CorpusGateway
  /** A request of another client on the same pool: it has to get its own answer, and leave no request half sent. */
  following(): Promise<void>
}

export function running({ server, stallMs, answer = ownAnswer }: RunningOptions = {}): RunningGateway {
  let started: CorpusGateway
  let count = 0
  beforeAll(async () => {
    started = await startGateway(answer, server, stallMs)
  })
  afterAll(() => started.close())
  return {
    gateway: () => started,
    async following() {
      const { port, pod } = started
      const target = `/following-${++count}`
      const text = await talk({ port, bytes: lastRequest(target), methods: [] })
      expect(finalAnswers(text).map(({ body }) => body)).toEqual([`GET ${target} HTTP/1.1`])
      await pod.until(() => pod.connections.every(({ bytes, isClosed }) => isClosed || isWhole(bytes)))
    },
  }
}

const isWhole = (bytes: string) => readRequests(bytes).rest === ''
