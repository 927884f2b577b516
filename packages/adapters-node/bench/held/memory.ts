import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process has in memory when its garbage is gone, in bytes. */
export interface Memory {
  /** Resident, with the room that V8 has made for new objects while connections were opened: up to 48 MiB. */
  readonly residentAtOnce: number
  /** Resident once that room is given back: what is held. */
  readonly resident: number
  /** Live objects: heap, and buffers outside of it. */
  readonly live: number
}

/** An object with a handle is freed a turn after its collection, and pages are given back by another thread. */
const COLLECTIONS = 4
const PAUSE_MS = 60

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: object) => void

export async function memory(): Promise<Memory> {
  await collected('regular')
  const residentAtOnce = process.memoryUsage.rss()
  await collected('last-resort')
  const { rss, heapUsed, external } = process.memoryUsage()
  return { residentAtOnce, resident: rss, live: heapUsed + external }
}

async function collected(flavor: 'regular' | 'last-resort'): Promise<void> {
  for (let i = 0; i < COLLECTIONS; i++) {
    collect({ type: 'major', execution: 'sync', flavor })
    await sleep(PAUSE_MS)
  }
}
