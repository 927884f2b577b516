import { Duplex } from 'node:stream'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { OpenStreams } from '../../src/upgrade/open-streams.ts'
import { UpgradedStream } from '../../src/upgrade/upgraded-stream.ts'
import { turns } from './stream.ts'

/** One side of a stream whose peer is the test: it reads when it is told to, and says what it is told to. */
class Side extends Duplex {
  readonly got: string[] = []
  isEnded = false
  #take: (() => void) | undefined

  constructor() {
    super({ allowHalfOpen: false })
  }

  /** Reads whatever has been written and whatever will be. */
  readAll(): void {
    this._write = (chunk: Buffer, _encoding, callback) => {
      this.got.push(chunk.toString())
      callback()
    }
    this.#take?.()
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#take = () => {
      this.got.push(chunk.toString())
      callback()
    }
  }

  override _read(): void {}

  override _final(callback: () => void): void {
    this.isEnded = true
    callback()
  }
}

async function scene() {
  const client = new Side()
  const pod = new Side()
  let done = 0
  const open = new OpenStreams(fakeClock(), 1_000, () => undefined)
  new UpgradedStream(client, pod, { done: () => done++ } as never, open).start()
  await turns(2)
  return { client, pod, open, done: () => done }
}

describe('the ends of an upgraded stream', () => {
  it('leave a slow client all that the pod has said, whatever befalls the pod then', async () => {
    const { client, pod, open, done } = await scene()
    for (const word of ['one', 'two', 'three']) pod.push(word)
    pod.push(null)
    await turns()
    expect([client.got, pod.readableEnded]).toEqual([[], true])
    client.push('and you?')
    pod.destroy(new Error('ECONNRESET'))
    await turns()
    client.push('nobody hears this')
    expect([client.destroyed, done(), open.size]).toEqual([false, 0, 1])
    client.readAll()
    await turns()
    expect([client.got.join(), client.isEnded, client.destroyed]).toEqual(['one,two,three', true, true])
    expect([done(), open.size]).toEqual([1, 0])
  })

  it('close a client at once that has all that the pod has said', async () => {
    const { client, pod, done } = await scene()
    client.readAll()
    pod.push('last')
    pod.push(null)
    await turns()
    expect([client.isEnded, client.destroyed]).toEqual([true, false])
    pod.destroy()
    await turns()
    expect([client.got, client.destroyed, done()]).toEqual([['last'], true, 1])
  })

  it('cut off what a pod has said that did not end in order', async () => {
    const { client, pod, done } = await scene()
    pod.push('half a')
    await turns()
    pod.destroy(new Error('ECONNRESET'))
    await turns()
    expect([client.got, client.isEnded, client.destroyed, done()]).toEqual([[], false, true, 1])
  })

  it('are the same with the sides changed', async () => {
    const { client, pod, done } = await scene()
    client.push('one')
    client.push(null)
    await turns()
    client.destroy()
    await turns()
    expect([pod.destroyed, done()]).toEqual([false, 0])
    pod.readAll()
    await turns()
    expect([pod.got, pod.isEnded, pod.destroyed, done()]).toEqual([['one'], true, true, 1])
  })

  it('are passed on where they came before the stream began', async () => {
    const client = new Side()
    const pod = new Side()
    client.allowHalfOpen = true
    client.push(null)
    client.read()
    await turns()
    expect(client.readableEnded).toBe(true)
    new UpgradedStream(
      client,
      pod,
      { done: () => undefined } as never,
      new OpenStreams(fakeClock(), 1_000, () => undefined),
    ).start()
    client.readAll()
    await turns()
    expect(pod.isEnded).toBe(true)
    pod.push('answer')
    pod.push(null)
    await turns()
    expect([client.got, client.isEnded]).toEqual([['answer'], true])
  })
})
