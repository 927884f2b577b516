import { StickyError } from '../../error.ts'
import { choiceOption, durationOption, integerOption, optionsObject } from '../../option.ts'
import type { Disturbance, DisturbanceScope } from './disturbance.ts'

/** The members of each kind, besides those of its scope. */
const MEMBERS: Readonly<Record<Disturbance['kind'], readonly string[]>> = {
  status: ['code', 'reason', 'message', 'retryAfterSeconds', 'body'],
  gone: ['as'],
  silent: ['afterBytes'],
  reset: ['afterBytes'],
  cut: ['afterBytes', 'clean'],
  chunks: ['bytes', 'delayMs'],
  line: ['text', 'afterLines'],
  'huge-line': ['bytes', 'afterLines'],
  'content-type': ['value'],
  delay: ['ms'],
}
/** The longest string of node, less than half. */
const LONGEST_LINE = 2 ** 28

/** Refuses what would never happen, or never end: a misspelt member, a piece of no bytes. */
export function checkedDisturbance(
  disturbance: Disturbance & DisturbanceScope,
): Disturbance & DisturbanceScope {
  const kinds = Object.keys(MEMBERS) as Disturbance['kind'][]
  const kind = choiceOption('disturb.kind', disturbance?.kind, kinds)
  const known = ['kind', 'on', 'times', ...MEMBERS[kind]]
  const given = optionsObject('disturb', { ...disturbance } as Record<string, unknown>, known)
  const { times = 1, on = {} } = disturbance
  if (times !== Number.POSITIVE_INFINITY) integerOption('disturb.times', times, 1, Number.MAX_SAFE_INTEGER)
  optionsObject('disturb.on', on, ['verb', 'resource', 'namespace'])
  for (const member of ['afterBytes', 'afterLines', 'retryAfterSeconds']) {
    if (given[member] !== undefined)
      integerOption(`disturb.${member}`, given[member], 0, Number.MAX_SAFE_INTEGER)
  }
  switch (disturbance.kind) {
    case 'status':
      integerOption('disturb.code', disturbance.code, 200, 599)
      break
    case 'gone':
      choiceOption('disturb.as', disturbance.as, ['status', 'event'])
      break
    case 'cut':
      if (given.afterBytes === undefined) throw missing('afterBytes')
      break
    case 'chunks':
      integerOption('disturb.bytes', disturbance.bytes, 1, Number.MAX_SAFE_INTEGER)
      if (disturbance.delayMs !== undefined)
        durationOption('disturb.delayMs', disturbance.delayMs, 0, 'finite')
      break
    case 'huge-line':
      integerOption('disturb.bytes', disturbance.bytes, 1, LONGEST_LINE)
      break
    case 'delay':
      durationOption('disturb.ms', disturbance.ms, 0, 'finite')
      break
    default:
  }
  return { ...disturbance, on: { ...on }, times }
}

function missing(member: string): StickyError {
  return new StickyError('invalid-option', `option "disturb.${member}" is missing`)
}
