import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { ProofEvent } from './event.ts'

/** Bytes kept in memory before they are written. */
const BATCH = 65_536

/** Writes events as JSON lines, one file for each process. Of more than `most` events it keeps none and fails. */
export class HistoryFile {
  readonly #file: number
  readonly #most: number
  #batch = ''
  #count = 0

  constructor(path: string, most = 1_000_000) {
    this.#file = openSync(path, 'w')
    this.#most = most
  }

  add(event: ProofEvent): void {
    if (++this.#count > this.#most) throw new Error(`a history of more than ${this.#most} events`)
    this.#batch += `${JSON.stringify(event)}\n`
    if (this.#batch.length >= BATCH) this.flush()
  }

  flush(): void {
    writeSync(this.#file, this.#batch)
    this.#batch = ''
  }

  close(): void {
    this.flush()
    closeSync(this.#file)
  }
}

/**
 * The events of several files in the order of their ends. A last line that is cut short, of a process that was killed, is left out.
 *
 * @throws SyntaxError for any other line that is no JSON
 */
export function readHistory(paths: readonly string[]): ProofEvent[] {
  const events = paths.flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    lines.pop()
    return lines.map((line) => JSON.parse(line) as ProofEvent)
  })
  return events.sort((a, b) => a.at - b.at)
}
