import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteStream } from '../../src/table/byte-stream.ts'

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await undefined
    yield piece
  }
}

describe('ByteStream', () => {
  it('gives the bytes in their order, however they are cut and taken', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.array(fc.nat(12)), fc.boolean(), async (cut, takes, isAsync) => {
        const all = Buffer.concat(cut)
        const stream = new ByteStream(isAsync ? asynchronous(cut) : cut)
        let at = 0
        for (const count of takes) {
          if (at + count > all.length) {
            await expect(stream.take(count)).rejects.toMatchObject({ code: 'snapshot-damaged' })
            return
          }
          expect(await stream.take(count)).toEqual(all.subarray(at, at + count))
          at += count
          expect(await stream.isAtEnd()).toBe(at === all.length)
        }
      }),
    )
  })

  it('sees only its own part of a buffer that a piece shares', async () => {
    const shared = Uint8Array.of(9, 9, 1, 2, 9)
    const stream = new ByteStream([shared.subarray(2, 4)])
    expect(await stream.take(2)).toEqual(Buffer.of(1, 2))
    expect(await stream.isAtEnd()).toBe(true)
  })

  it('keeps what it gave when more is taken', async () => {
    const stream = new ByteStream([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    const first = await stream.take(2)
    await stream.take(2)
    expect(first).toEqual(Buffer.of(1, 2))
  })

  it('says what is wrong with a source that does not give bytes', async () => {
    const stream = new ByteStream(['text'] as never)
    await expect(stream.take(1)).rejects.toThrow('it does not consist of bytes')
  })

  it('passes on the error of its source', async () => {
    const failure = new Error('disk')
    const stream = new ByteStream(
      (async function* () {
        yield Uint8Array.of(1)
        throw failure
      })(),
    )
    await stream.take(1)
    await expect(stream.take(1)).rejects.toBe(failure)
  })

  it('tells its source that no more is read', async () => {
    let closed = 0
    const stream = new ByteStream(
      (function* () {
        try {
          yield Uint8Array.of(1)
          yield Uint8Array.of(2)
        } finally {
          closed++
        }
      })(),
    )
    await stream.take(1)
    await stream.close()
    expect(closed).toBe(1)
  })

  it('closes a source that cannot be told', async () => {
    const stream = new ByteStream({
      [Symbol.iterator]: () => ({ next: () => ({ done: true, value: undefined }) }),
    })
    await stream.close()
    expect(await stream.isAtEnd()).toBe(true)
  })
})
