import { randomFillSync } from 'node:crypto'
import type { Identity } from '../../endpoint/endpoint.ts'
import { StickyError } from '../../error.ts'

/**
 * A binding as it stands in Redis, in the time of the server. As text: the format `1`, 6 characters of version, then the moments in 7
 * characters each: created, `until`; one of `-`, `d`, `m`, `b` for whether the deadline, the last move, or both follow; the identity. Numbers
 * are in base 64, with digits in the order of ASCII. With a short identity that is 28 bytes, which Redis keeps
 * beside the header of the value.
 */
export interface StoredBinding {
  /** 36 random bits: tells this state of the binding from others of the same key. */
  readonly version: string
  readonly createdAt: number
  /**
   * When it ends unless it is used again, by the time of whoever wrote it; never after the deadline. Whether it stands is not told by this, but by
   * Redis, which has ended it then.
   */
  readonly until: number
  /** When it ends however much it is used; `Infinity` = never. Only scripts judge by it. */
  readonly deadline: number
  readonly movedAt: number | undefined
  readonly identity: Identity
}

const FORMAT = '1'
/** In the order of ASCII. */
export const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const VERSION_LENGTH = 6
/** Characters of a moment: enough until the year 2109. */
const MOMENT_LENGTH = 7
const FIXED_LENGTH = 1 + VERSION_LENGTH + 2 * MOMENT_LENGTH + 1

/** For each character, the value of its digit; -1 for those that are none. */
const VALUES: Int8Array = new Int8Array(128).fill(-1)
for (const [value, digit] of [...DIGITS].entries()) VALUES[digit.charCodeAt(0)] = value

/** Versions made at once: to ask for six random bytes at a time, or to join six digits, costs more than all else of a claim. */
const VERSIONS_AT_ONCE = 512
const random: Buffer = Buffer.alloc(VERSIONS_AT_ONCE * VERSION_LENGTH)
let versions = ''
let used = 0

/** A version that no other state of the binding has. */
export function newVersion(): string {
  if (used === versions.length) {
    randomFillSync(random)
    for (let i = 0; i < random.length; i++) random[i] = DIGITS.charCodeAt((random[i] as number) & 63)
    versions = random.toString('latin1')
    used = 0
  }
  used += VERSION_LENGTH
  return versions.slice(used - VERSION_LENGTH, used)
}

/** The last two moments that were asked for: a claim has two, and many claims come in one turn. */
let lastMoment = -1
let lastText = ''
let otherMoment = -1
let otherText = ''

/** The text of a moment in whole milliseconds. */
export function momentText(ms: number): string {
  const moment = Math.round(ms)
  if (moment === lastMoment) return lastText
  const isOther = moment === otherMoment
  const text = isOther ? otherText : digitsOf(moment)
  otherMoment = lastMoment
  otherText = lastText
  lastMoment = moment
  lastText = text
  return text
}

function digitsOf(moment: number): string {
  let text = ''
  let rest = moment
  for (let digit = 0; digit < MOMENT_LENGTH; digit++) {
    text = DIGITS[rest % 64] + text
    rest = Math.floor(rest / 64)
  }
  return text
}

export function storedText({
  version,
  createdAt,
  until,
  deadline,
  movedAt,
  identity,
}: StoredBinding): string {
  const hasDeadline = deadline !== Number.POSITIVE_INFINITY
  const flags = hasDeadline ? (movedAt === undefined ? 'd' : 'b') : movedAt === undefined ? '-' : 'm'
  return (
    FORMAT +
    version +
    momentText(createdAt) +
    momentText(until) +
    flags +
    (hasDeadline ? momentText(deadline) : '') +
    (movedAt === undefined ? '' : momentText(movedAt)) +
    identity
  )
}

/**
 * Reads what stands in Redis.
 *
 * @throws StickyError `table-value` for a text of a newer format, which must not be misread, and for one that is none
 */
export function parseStored(text: unknown): StoredBinding {
  if (typeof text !== 'string' || text === '') throw damaged()
  if (text[0] !== FORMAT) {
    throw new StickyError(
      'table-value',
      'the sticky table: a stored binding has a format that this version does not know; was it written by a newer one?',
    )
  }
  for (let at = 1; at <= VERSION_LENGTH; at++) if (digitAt(text, at) < 0) throw damaged()
  const flags = text[FIXED_LENGTH - 1]
  const hasDeadline = flags === 'd' || flags === 'b'
  const isMoved = flags === 'm' || flags === 'b'
  if (!hasDeadline && !isMoved && flags !== '-') throw damaged()
  const movedFrom = hasDeadline ? FIXED_LENGTH + MOMENT_LENGTH : FIXED_LENGTH
  const identity = text.slice(isMoved ? movedFrom + MOMENT_LENGTH : movedFrom)
  if (identity === '') throw damaged()
  return {
    version: text.slice(1, 1 + VERSION_LENGTH),
    createdAt: momentAt(text, 1 + VERSION_LENGTH),
    until: momentAt(text, 1 + VERSION_LENGTH + MOMENT_LENGTH),
    deadline: hasDeadline ? momentAt(text, FIXED_LENGTH) : Number.POSITIVE_INFINITY,
    movedAt: isMoved ? momentAt(text, movedFrom) : undefined,
    identity,
  }
}

/** In two halves, each of which is a small integer: numbers of 42 bits are counted in slower arithmetic. */
function momentAt(text: string, at: number): number {
  const high =
    (digitAt(text, at) << 18) |
    (digitAt(text, at + 1) << 12) |
    (digitAt(text, at + 2) << 6) |
    digitAt(text, at + 3)
  const low = (digitAt(text, at + 4) << 12) | (digitAt(text, at + 5) << 6) | digitAt(text, at + 6)
  // What is no digit is -1, which makes all of it negative.
  if ((high | low) < 0) throw damaged()
  return high * 2 ** 18 + low
}

function digitAt(text: string, at: number): number {
  return VALUES[text.charCodeAt(at)] ?? -1
}

function damaged(): StickyError {
  return new StickyError(
    'table-value',
    'the sticky table: a stored binding is damaged, or its key is used by something else',
  )
}
