import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headersFrame,
  rstFrame,
  settingsFrame,
} from '../../http2/support/frames.ts'
import { requestFrame } from './http2-attacker.ts'

/** Frames that the support of the other tests has no use for. */
const PRIORITY = 2
const CONTINUATION = 9
const UNKNOWN = 0xc8
const CANCEL = 8

/** What becomes of the connection. `served`: it stays, and is served. `either`: it is ended if it does not read the answers. */
export type FloodEnd = 'ended' | 'served' | 'either'

/** Frames that one connection sends without end, and what then becomes of it. */
export interface Flood {
  readonly name: string
  readonly end: FloodEnd
  /** How many of it. Default 15 000: what ends a flood does so after ten thousand at most. */
  readonly parts?: number
  /** What comes first. */
  readonly start?: Buffer
  /** The `index`th part of it. */
  readonly part: (index: number) => Buffer
}

const FIELD = Buffer.from('0001610162', 'hex')
const ONE = Buffer.from([0, 0, 0, 1])
const streamOf = (index: number) => 2 * index + 1

/** Every flood that has a name of its own among the CVEs of HTTP/2, and their neighbours. */
export const FLOODS: readonly Flood[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    end: 'ended',
    part: (i) => Buffer.concat([requestFrame(streamOf(i), '/silent'), rstFrame(streamOf(i), CANCEL)]),
  },
  {
    name: 'resets that it makes us send (CVE-2025-8671)',
    end: 'ended',
    part: (i) =>
      Buffer.concat([
        requestFrame(streamOf(i), '/silent'),
        frame(FRAME.windowUpdate, 0, streamOf(i), Buffer.alloc(4)),
      ]),
  },
  {
    name: 'CONTINUATION (CVE-2024-27316)',
    end: 'ended',
    start: frame(FRAME.headers, END_STREAM, 1, FIELD),
    part: () => frame(CONTINUATION, 0, 1, FIELD),
  },
  {
    name: 'empty CONTINUATION (CVE-2019-9516)',
    end: 'ended',
    start: frame(FRAME.headers, END_STREAM, 1),
    part: () => frame(CONTINUATION, 0, 1),
  },
  { name: 'PING (CVE-2019-9512)', end: 'either', part: () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)) },
  { name: 'SETTINGS (CVE-2019-9515)', end: 'either', part: () => settingsFrame({ 3: 100 }) },
  { name: 'SETTINGS acknowledged without need', end: 'ended', part: () => frame(FRAME.settings, ACK, 0) },
  {
    name: 'empty DATA (CVE-2019-9518)',
    end: 'ended',
    start: requestFrame(1, '/', 0),
    part: () => frame(FRAME.data, 0, 1),
  },
  {
    name: 'PRIORITY (CVE-2019-9513)',
    end: 'ended',
    part: (i) => frame(PRIORITY, 0, streamOf(i), Buffer.alloc(5)),
  },
  { name: 'frames of no known type', end: 'ended', part: () => frame(UNKNOWN, 0, 0, Buffer.alloc(8)) },
  {
    name: 'RST_STREAM of streams that are not open',
    end: 'ended',
    part: (i) => rstFrame(streamOf(i), CANCEL),
  },
  {
    name: 'requests without a method',
    end: 'ended',
    part: (i) => headersFrame(streamOf(i), END_STREAM, [['a', 'b']]),
  },
  {
    name: 'WINDOW_UPDATE of one byte',
    end: 'served',
    start: requestFrame(1, '/silent'),
    part: () => frame(FRAME.windowUpdate, 0, 1, ONE),
  },
  {
    name: 'more fields than a head may have',
    end: 'served',
    parts: 200,
    part: (i) =>
      headersFrame(
        streamOf(i),
        END_STREAM | END_HEADERS,
        Array.from({ length: 200 }, () => ['a', 'b'] as const),
      ),
  },
]
