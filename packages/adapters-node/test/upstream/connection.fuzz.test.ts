import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestHead } from '../../src/headers/request-head.ts'
import { Connection } from '../../src/upstream/connection.ts'
import { LENIENT, readResponses, STRICT } from '../hardening/message-reader.ts'
import { cutUp, mutated } from '../hardening/mutation.ts'

/** What one exchange came to. */
interface Outcome {
  readonly interim: number[]
  status?: number
  rawHeaders?: string[]
  body: string
  trailers?: readonly string[]
  end: 'ended' | 'upstream-malformed' | 'upstream-reset' | 'upgraded' | 'open'
  isKept: boolean
}

/** A socket of a pod that says what the test gives it. */
class ScriptedSocket extends EventEmitter {
  destroyed = false
  readonly writable = true
  readonly readable = true
  readonly writableLength = 0
  readonly write = () => true
  readonly setTimeout = () => this
  readonly pause = () => this
  readonly resume = () => this
  destroy(): this {
    this.destroyed = true
    return this
  }
}

/** What a connection makes of these pieces, and of the end behind them if the pod ends. */
function exchange(pieces: readonly string[], method: string, isEnded: boolean): Outcome {
  const socket = new ScriptedSocket()
  const outcome: Outcome = { interim: [], body: '', end: 'open', isKept: false }
  const finish = (end: Outcome['end']) => {
    expect(outcome.end, 'an exchange ends once').toBe('open')
    outcome.end = end
  }
  const limits = { maxHeadBytes: 16_384, responseTimeoutMs: 1, idleTimeoutMs: 1 }
  const connection = new Connection(socket as unknown as Socket, {
    ...limits,
    idle: () => {
      outcome.isKept = true
    },
    gone: () => undefined,
    upgraded: () => undefined,
  })
  const head: RequestHead = {
    method,
    target: '/',
    headers: [],
    framing: 'none',
    upgrade: undefined,
    takesTrailers: false,
  }
  connection.send(head, {
    interim: ({ status }) => outcome.interim.push(status),
    head({ status, rawHeaders }, body) {
      expect(outcome.status, 'there is one head').toBeUndefined()
      outcome.status = status
      outcome.rawHeaders = [...rawHeaders]
      if (typeof body !== 'string') outcome.body += body.toString('latin1')
    },
    data: (chunk) => {
      outcome.body += chunk.toString('latin1')
    },
    ended: (trailers) => {
      outcome.trailers = [...trailers]
      finish('ended')
    },
    upgraded: () => finish('upgraded'),
    failed: ({ code }) => finish(code as 'upstream-reset'),
    drained: () => undefined,
  })
  for (const piece of pieces)
    if (piece !== '' && !socket.destroyed) socket.emit('data', Buffer.from(piece, 'latin1'))
  if (isEnded && !socket.destroyed) socket.emit('end')
  return outcome
}

const OK = 'HTTP/1.1 200 OK\r\n'
const VALID = [
  `${OK}X: y\r\nContent-Length: 5\r\nZ:\r\n\r\nhello`,
  `${OK}Content-Length: 0\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
  `${OK}Connection: close\r\n\r\nuntil the end`,
  `HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello`,
  'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n',
  `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  `HTTP/1.1 100 Continue\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
]
const cuts = fc.array(fc.nat(2_000), { maxLength: 20 })
const method = fc.constantFrom('GET', 'GET', 'HEAD')

/** The first final response of the text, as other readers find it. */
function readings(text: string, asked: string, isEnded: boolean) {
  return [
    STRICT,
    ...LENIENT.filter(({ isUnderscoreHyphen, mergesTrailers }) => !isUnderscoreHyphen && !mergesTrailers),
  ].map((dialect) => {
    const { messages } = readResponses(text, [asked], isEnded, dialect)
    const found = messages.find(({ start }) => Number(start.split(' ')[1]) >= 200)
    const status = Number(found?.start.split(' ')[1])
    return { dialect: dialect.name, status, headers: found?.headers.flat(), body: found?.body }
  })
}

describe('a connection to a pod', () => {
  it('finds the same wherever the bytes are cut', () => {
    fc.assert(
      fc.property(mutated(VALID, 3), cuts, method, fc.boolean(), (text, where, asked, isEnded) => {
        const whole = exchange([text], asked, isEnded)
        const inPieces = exchange(cutUp(text, where), asked, isEnded)
        const bytewise = exchange([...text], asked, isEnded)
        for (const other of [inPieces, bytewise]) {
          // Bytes behind a response are seen with it, or on the idle connection; the exchange is the same.
          expect({ ...other, isKept: false }).toEqual({ ...whole, isKept: false })
          expect(other.isKept || !whole.isKept).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes for a response only what every other reader takes for the same', () => {
    let taken = 0
    fc.assert(
      fc.property(mutated(VALID, 3), method, fc.boolean(), (text, asked, isEnded) => {
        const { end, status, rawHeaders, body } = exchange([text], asked, isEnded)
        if (end !== 'ended') return
        taken++
        for (const reading of readings(text, asked, isEnded)) {
          // The length of a 204 goes no further.
          const headers = status === 204 ? reading.headers : rawHeaders
          expect(reading).toEqual({ dialect: reading.dialect, status, headers, body })
        }
      }),
      { numRuns: 6_000 },
    )
    expect(taken).toBeGreaterThan(300)
  })

  it('never throws, whatever comes, and ends with the pod', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
        mutated(VALID, 12),
        (noise, text) => {
          const pieces = noise.map((bytes) => Buffer.from(bytes).toString('latin1'))
          for (const given of [
            pieces,
            [text],
            [text, ...pieces],
            [text.slice(0, text.length / 2), ...pieces],
          ]) {
            const { end } = exchange(given, 'GET', true)
            expect(['ended', 'upstream-malformed', 'upstream-reset', 'upgraded']).toContain(end)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
