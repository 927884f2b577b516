import type { FaultGroup } from '../fault.ts'
import { each, here } from '../outcome.ts'
import {
  CHUNKED,
  CLIENT_HAS_HEAD,
  CLOSE,
  DEAF,
  HALF_CLOSE,
  HEAD,
  head,
  OK,
  PART,
  PART_CHUNK,
  REQUEST,
  RESET,
  SIZED,
  send,
  UNTIL_CLOSE,
} from '../steps.ts'

const CUT = each(here('200, then cut'))
const NOT_ASKED = here('502 upstream-malformed')
const WHOLE = each(here('200'))

export const cutAnswer: FaultGroup = {
  heading: 'An answer that breaks off',
  faults: [
    {
      name: 'resets after the head',
      script: [REQUEST, send(SIZED), CLIENT_HAS_HEAD, RESET],
      outcomes: CUT,
    },
    {
      name: 'closes after the head',
      script: [REQUEST, send(SIZED), CLIENT_HAS_HEAD, CLOSE],
      outcomes: CUT,
    },
    {
      name: 'resets within a body of known length',
      script: [REQUEST, send(SIZED + PART), CLIENT_HAS_HEAD, RESET],
      outcomes: CUT,
    },
    {
      name: 'closes within a body of known length',
      script: [REQUEST, send(SIZED + PART), CLOSE],
      outcomes: CUT,
    },
    {
      name: 'resets within a chunked body',
      script: [REQUEST, send(CHUNKED + PART_CHUNK), CLIENT_HAS_HEAD, RESET],
      outcomes: CUT,
    },
    {
      name: 'closes a chunked body without its last chunk',
      script: [REQUEST, send(CHUNKED + PART_CHUNK), CLOSE],
      outcomes: CUT,
    },
    {
      name: 'sends a chunk size that is no number',
      script: [REQUEST, send(CHUNKED + PART_CHUNK), CLIENT_HAS_HEAD, send('-1\r\n')],
      outcomes: CUT,
    },
    {
      name: 'resets within a body that ends with the connection',
      script: [REQUEST, send(UNTIL_CLOSE + PART), CLIENT_HAS_HEAD, RESET],
      outcomes: CUT,
    },
    {
      name: 'stops within a body of known length',
      script: [REQUEST, send(SIZED + PART)],
      limit: 'idleTimeoutMs',
      outcomes: CUT,
    },
    {
      name: 'stops within a chunked body',
      script: [REQUEST, send(CHUNKED + PART_CHUNK)],
      limit: 'idleTimeoutMs',
      outcomes: CUT,
    },
  ],
}

export const strangeAnswer: FaultGroup = {
  heading: 'An answer that is whole, and strange',
  faults: [
    {
      name: 'closes after a body that ends with the connection',
      script: [REQUEST, send(UNTIL_CLOSE + PART), CLOSE],
      outcomes: WHOLE,
    },
    {
      name: 'sends more than the length that it announced',
      script: [REQUEST, send(`${head(OK, 'Content-Length: 4')}body and more`)],
      outcomes: WHOLE,
    },
    {
      name: 'answers twice',
      script: [REQUEST, send(`${head(OK, 'Content-Length: 4')}body`.repeat(2))],
      outcomes: WHOLE,
    },
    {
      name: 'answers 101 without being asked to switch',
      script: [REQUEST, send(head('101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: echo'))],
      outcomes: { get: NOT_ASKED, kept: NOT_ASKED, post: NOT_ASKED, stream: NOT_ASKED },
    },
  ],
}

const TOO_LARGE = head('413 Content Too Large', 'Content-Length: 0', 'Connection: close')
const EARLY_OK = `${head(OK, 'Content-Length: 4')}body`
const early = (status: string) => ({ post: here(status), stream: here(status) })

export const earlyAnswer: FaultGroup = {
  heading: 'An answer before the body was read',
  faults: [
    {
      name: 'answers 200 at the head and reads on',
      script: [HEAD, send(EARLY_OK)],
      outcomes: early('200'),
    },
    {
      name: 'answers 413 at the head and reads on',
      script: [HEAD, send(TOO_LARGE), HALF_CLOSE],
      outcomes: early('413'),
    },
    {
      name: 'answers 413 at the head and reads no more',
      script: [HEAD, DEAF, send(TOO_LARGE)],
      outcomes: early('413'),
    },
    {
      name: 'answers 413 at the head and closes',
      script: [HEAD, DEAF, send(TOO_LARGE), CLOSE],
      outcomes: early('413'),
    },
    {
      name: 'answers 413 at the head and resets',
      script: [HEAD, DEAF, send(TOO_LARGE), RESET],
      outcomes: early('413'),
    },
  ],
}
