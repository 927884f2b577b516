import type { FaultGroup } from '../fault.ts'
import { each, here, nextPod, unanswered } from '../outcome.ts'
import { CLOSE, DEAF, FIRST_BYTE, HEAD, head, OK, REQUEST, RESET, SERVE, send } from '../steps.ts'

const NEXT = nextPod()
const NOBODY = here('503 no-endpoints', 0)
const CUT_HEAD = 'HTTP/1.1 200 OK\r\nX-Pod: faul'
/** Above `maxHeadBytes`. */
const HUGE = 'x'.repeat(20_000)

export const noConnection: FaultGroup = {
  heading: 'No connection',
  faults: [
    {
      name: 'refuses connections',
      script: [SERVE],
      process: { does: 'unlisten' },
      outcomes: { get: NEXT, post: NEXT, stream: NEXT, upgrade: NEXT },
    },
    {
      name: 'does not take connections, as its backlog is full',
      script: [SERVE],
      process: { does: 'fill backlog' },
      limit: 'connectTimeoutMs',
      outcomes: { get: NEXT, post: NEXT, stream: NEXT, upgrade: NEXT },
    },
    {
      name: 'refuses connections, and there is no other pod',
      script: [SERVE],
      process: { does: 'unlisten' },
      isAlone: true,
      outcomes: { get: NOBODY, post: NOBODY, stream: NOBODY, upgrade: NOBODY },
    },
  ],
}

export const noAnswer: FaultGroup = {
  heading: 'A connection, and no answer',
  faults: [
    {
      name: 'closes each connection at once',
      script: [CLOSE],
      outcomes: unanswered(0),
    },
    {
      name: 'resets at the first byte of the request',
      script: [FIRST_BYTE, RESET],
      outcomes: unanswered(1),
    },
    {
      name: 'closes when it has read the head',
      script: [HEAD, CLOSE],
      outcomes: unanswered(1),
    },
    {
      name: 'closes when it has read the whole request',
      script: [REQUEST, CLOSE],
      outcomes: unanswered(1),
    },
    {
      name: 'resets when it has read the whole request',
      script: [REQUEST, RESET],
      outcomes: unanswered(1),
    },
    {
      name: 'closes when it has read the whole request, and there is no other pod',
      script: [REQUEST, CLOSE],
      isAlone: true,
      outcomes: { ...each(here('502 upstream-reset')), kept: here('502 upstream-reset', 2) },
    },
    {
      name: 'reads the request and says nothing',
      script: [],
      limit: 'responseTimeoutMs',
      outcomes: each(here('504 upstream-timeout')),
    },
    {
      name: 'reads the head, then reads and says nothing',
      script: [HEAD, DEAF],
      limit: 'responseTimeoutMs',
      outcomes: each(here('504 upstream-timeout')),
    },
  ],
}

export const badHead: FaultGroup = {
  heading: 'A head that is cut short or wrong',
  faults: [
    {
      name: 'stops in the middle of the head',
      script: [HEAD, send(CUT_HEAD)],
      limit: 'responseTimeoutMs',
      outcomes: each(here('504 upstream-timeout')),
    },
    {
      name: 'resets in the middle of the head',
      script: [REQUEST, send(CUT_HEAD), RESET],
      outcomes: each(here('502 upstream-reset')),
    },
    {
      name: 'closes in the middle of the head',
      script: [REQUEST, send(CUT_HEAD), CLOSE],
      outcomes: each(here('502 upstream-reset')),
    },
    {
      name: 'answers what is no HTTP',
      script: [REQUEST, send('SSH-2.0-OpenSSH_9.6\r\n')],
      outcomes: each(here('502 upstream-malformed')),
    },
    {
      name: 'answers with a TLS alert',
      script: [REQUEST, send('\x15\x03\x01\x00\x02\x02\x16')],
      outcomes: each(here('502 upstream-malformed')),
    },
    {
      name: 'answers with a head above the limit',
      script: [REQUEST, send(head(OK, 'Content-Length: 0', `X-Huge: ${HUGE}`))],
      outcomes: each(here('502 upstream-malformed')),
    },
    {
      name: 'answers with two different lengths',
      script: [REQUEST, send(head(OK, 'Content-Length: 1', 'Content-Length: 2')), send('ab')],
      outcomes: each(here('502 upstream-malformed')),
    },
    {
      name: 'sends 103, then closes',
      script: [REQUEST, send('HTTP/1.1 103 Early Hints\r\n\r\n'), CLOSE],
      outcomes: each(here('502 upstream-reset')),
    },
    {
      name: 'sends 100, then resets',
      script: [REQUEST, send('HTTP/1.1 100 Continue\r\n\r\n'), RESET],
      outcomes: each(here('502 upstream-reset')),
    },
  ],
}
