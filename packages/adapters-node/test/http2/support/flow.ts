import { bodyPieces } from '../../../src/testing/body-pattern.ts'

interface Sink {
  write(piece: Buffer): boolean
  end(): unknown
  on(event: 'drain', listener: () => void): unknown
  readonly destroyed: boolean
}

/** Writes `length` bytes of the pattern as fast as the sink takes them, and ends it. Answers how far it came. */
export function pour(sink: Sink, length: number): { readonly sent: number } {
  const pieces = bodyPieces(length)
  const progress = { sent: 0 }
  const fill = () => {
    while (!sink.destroyed) {
      const { value, done } = pieces.next()
      if (done) return void sink.end()
      progress.sent += value.length
      if (!sink.write(value)) return
    }
  }
  sink.on('drain', fill)
  fill()
  return progress
}

/** Resolves when nothing more was sent for 100 ms: what fits into buffers and sockets is there. */
export async function atRest(progress: { readonly sent: number }): Promise<number> {
  let before = -1
  while (before !== progress.sent) {
    before = progress.sent
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return before
}
