import type { FaultGroup } from '../fault.ts'
import { badHead, noAnswer, noConnection } from './before-the-answer.ts'
import { keptConnection, processes, upgrades } from './connections.ts'
import { cutAnswer, earlyAnswer, strangeAnswer } from './within-the-answer.ts'

/** Every fault, in the order of the docs. */
export const FAULTS: readonly FaultGroup[] = [
  noConnection,
  noAnswer,
  badHead,
  cutAnswer,
  strangeAnswer,
  earlyAnswer,
  keptConnection,
  upgrades,
  processes,
]
