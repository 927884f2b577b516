import { expect } from 'vitest'
import { type Dialect, LENIENT, type Message, readRequests, readResponses } from './message-reader.ts'
import type { RecordingPod } from './recording-pod.ts'

/** No client shows a response by CGI, where underscores are hyphens. */
const CLIENTS: readonly Dialect[] = LENIENT.filter(({ isUnderscoreHyphen }) => !isUnderscoreHyphen)

/** The responses in a client's bytes, which are complete and which every reader finds. */
export function answers(text: string, methods: readonly string[]): readonly Message[] {
  const { messages, fault, rest } = readResponses(text, methods, true)
  expect([fault, rest], text).toEqual([undefined, ''])
  for (const dialect of CLIENTS) {
    expect(readResponses(text, methods, true, dialect).messages, dialect.name).toEqual(messages)
  }
  return messages
}

/** Those that are not interim ones. */
export function finalAnswers(
  text: string,
  methods: readonly string[] = Array(10).fill('GET'),
): readonly Message[] {
  return answers(text, methods).filter(({ start }) => !start.startsWith('HTTP/1.1 1'))
}

/** The complete requests that have reached the pod, but for the one that follows each case; every reader finds the same. */
export function requestsAt(pod: RecordingPod): readonly Message[] {
  return pod.connections
    .flatMap(({ bytes }) => {
      const strict = readRequests(bytes)
      expect(strict.fault, bytes).toBeUndefined()
      for (const dialect of LENIENT) {
        const lenient = readRequests(bytes, dialect)
        expect(bodiesOf(lenient.messages), `${dialect.name}: ${bytes}`).toEqual(bodiesOf(strict.messages))
        expect(lenient.rest, dialect.name).toBe(strict.rest)
      }
      return strict.messages
    })
    .filter(({ start }) => !start.startsWith('GET /following-'))
}

const bodiesOf = (messages: readonly Message[]) => messages.map(({ start, body }) => [start, body])
