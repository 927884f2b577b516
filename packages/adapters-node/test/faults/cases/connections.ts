import type { FaultGroup } from '../fault.ts'
import { each, here, nextPod } from '../outcome.ts'
import {
  CLIENT_HAS_HEAD,
  CLOSE,
  HALF_CLOSE,
  HEAD,
  head,
  OK,
  PART,
  REQUEST,
  RESET,
  SERVE,
  SIZED,
  send,
  WORD,
} from '../steps.ts'

const SERVED = { kept: here('200'), post: here('200'), stream: here('200') }
const NEXT = nextPod()

/** The pod closed while the request was on its way: whether it was carried out, nobody can tell. */
const raced = (read: 0 | 1) => {
  const failed = here('502 upstream-reset', read)
  return { kept: here('200', read + 1), post: failed, stream: failed }
}

export const keptConnection: FaultGroup = {
  heading: 'A connection kept alive',
  faults: [
    {
      name: 'closes the idle connection, and the gateway has seen it',
      script: [WORD, CLOSE],
      later: [SERVE],
      isOnKept: true,
      closes: 'noticed',
      outcomes: SERVED,
    },
    {
      name: 'closes the idle connection, and the gateway has not seen it yet',
      script: [WORD, CLOSE],
      later: [SERVE],
      isOnKept: true,
      closes: 'unnoticed',
      outcomes: raced(0),
    },
    {
      name: 'resets the idle connection, and the gateway has not seen it yet',
      script: [WORD, RESET],
      later: [SERVE],
      isOnKept: true,
      closes: 'unnoticed',
      outcomes: raced(0),
    },
    {
      name: 'closes the connection as it reads the next request',
      script: [HEAD, CLOSE],
      later: [SERVE],
      isOnKept: true,
      outcomes: raced(1),
    },
    {
      name: 'resets the connection as it reads the next request',
      script: [HEAD, RESET],
      later: [SERVE],
      isOnKept: true,
      outcomes: raced(1),
    },
    {
      name: 'answers on the idle connection without being asked',
      script: [WORD, send(`${head(OK, 'Content-Length: 6')}forged`)],
      later: [SERVE],
      isOnKept: true,
      closes: 'noticed',
      outcomes: SERVED,
    },
  ],
}

const SWITCHED = head('101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: echo')
const refused = (status: string, ...fields: string[]) => ({
  name: `refuses the upgrade with ${status.slice(0, 3)}`,
  script: [REQUEST, send(`${head(status, ...fields, 'Content-Length: 2')}no`)],
  outcomes: { upgrade: here(status.slice(0, 3)) },
})

export const upgrades: FaultGroup = {
  heading: 'Upgrades',
  faults: [
    refused('426 Upgrade Required', 'Upgrade: other'),
    refused('403 Forbidden'),
    refused(OK),
    {
      name: 'switches without an Upgrade header',
      script: [REQUEST, send(head('101 Switching Protocols', 'Connection: Upgrade'))],
      outcomes: { upgrade: here('502 upstream-malformed') },
    },
    {
      name: 'switches, then resets',
      script: [REQUEST, send(SWITCHED), CLIENT_HAS_HEAD, RESET],
      outcomes: { upgrade: here('101, then cut') },
    },
    {
      name: 'switches, then closes',
      script: [REQUEST, send(SWITCHED), CLIENT_HAS_HEAD, CLOSE],
      outcomes: { upgrade: here('101, then cut') },
    },
    {
      name: 'switches, then ends its side and reads on',
      script: [REQUEST, send(SWITCHED), CLIENT_HAS_HEAD, HALF_CLOSE],
      outcomes: { upgrade: here('101, half-closed') },
    },
  ],
}

export const processes: FaultGroup = {
  heading: 'The process of the pod',
  faults: [
    {
      name: 'is stopped (SIGSTOP) before it accepts',
      script: [SERVE],
      process: { does: 'stop', when: 'before' },
      limit: 'responseTimeoutMs',
      outcomes: each(here('504 upstream-timeout', 0)),
    },
    {
      name: 'is stopped within its answer',
      script: [REQUEST, send(SIZED + PART), CLIENT_HAS_HEAD],
      process: { does: 'stop', when: 'at wait' },
      limit: 'idleTimeoutMs',
      outcomes: each(here('200, then cut')),
    },
    {
      name: 'is killed (SIGKILL) before the request',
      script: [SERVE],
      process: { does: 'kill', when: 'before' },
      outcomes: each(NEXT),
    },
    {
      name: 'is killed with the request unread',
      script: [SERVE],
      process: { does: 'kill unread' },
      outcomes: {
        get: NEXT,
        kept: NEXT,
        post: here('502 upstream-reset', 0),
        stream: here('502 upstream-reset', 0),
        upgrade: here('502 upstream-reset', 0),
      },
    },
    {
      name: 'is killed when it has read the request',
      script: [REQUEST, WORD],
      process: { does: 'kill', when: 'at wait' },
      outcomes: {
        get: nextPod(1),
        kept: nextPod(1),
        post: here('502 upstream-reset'),
        stream: here('502 upstream-reset'),
        upgrade: here('502 upstream-reset'),
      },
    },
    {
      name: 'is killed within its answer',
      script: [REQUEST, send(SIZED + PART), CLIENT_HAS_HEAD],
      process: { does: 'kill', when: 'at wait' },
      outcomes: each(here('200, then cut')),
    },
    {
      name: 'was restarted on the same port',
      script: [SERVE],
      process: { does: 'restart' },
      isOnKept: true,
      outcomes: { kept: here('200'), post: here('200'), stream: here('200'), upgrade: here('101') },
    },
  ],
}
