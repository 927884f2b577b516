import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RequestBody } from '../src/request-body.ts'
import type { UpstreamConnection } from '../src/upstream/upstream.ts'
import { until } from './wire.ts'

/** A connection that writes down what it was given. */
class Pod {
  readonly told: string[] = []
  isRoomLeft = true
  readonly mayRefuse: boolean

  constructor(mayRefuse = false) {
    this.mayRefuse = mayRefuse
  }

  write(chunk: Buffer): boolean {
    this.told.push(chunk.toString())
    return this.isRoomLeft
  }

  finish(trailers: readonly string[]): void {
    this.told.push(`end ${trailers.join()}`)
  }
}

/** A request whose body the test sends, and the body on its way. */
function bodyOf() {
  const request = new Readable({ read: () => undefined }) as Readable & IncomingMessage
  const socket = { destroyed: false, destroySoon: () => undefined, once: () => socket, off: () => socket }
  Object.assign(request, { rawTrailers: [] as string[], complete: false, socket })
  onTestFinished(() => void request.destroy())
  const body = new RequestBody(request, fakeClock())
  const sendBy = (pod: Pod) => body.sendBy(pod as unknown as UpstreamConnection)
  return { request, body, sendBy, send: (text: string | null) => void request.push(text) }
}

describe('RequestBody', () => {
  it('is not read before a connection stands', async () => {
    const { request, body, send } = bodyOf()
    send('a')
    await new Promise((resolve) => setImmediate(resolve))
    expect([request.readableFlowing, body.isUntouched, body.isWhole]).toEqual([null, true, true])
  })

  it('goes to the pod piece by piece, with its end and its trailers', async () => {
    const { request, body, sendBy, send } = bodyOf()
    const pod = new Pod()
    sendBy(pod)
    send('a')
    await until(() => pod.told.length === 1)
    expect([body.isUntouched, body.isWhole]).toEqual([false, false])
    request.rawTrailers = ['X-Sum', '1', 'Content-Length', '2']
    send('b')
    send(null)
    await until(() => pod.told.length === 3)
    expect(pod.told).toEqual(['a', 'b', 'end X-Sum,1'])
  })

  it('waits while the pod has no room', async () => {
    const { request, body, sendBy, send } = bodyOf()
    const pod = new Pod()
    pod.isRoomLeft = false
    sendBy(pod)
    send('a')
    await until(() => request.isPaused())
    send('b')
    await new Promise((resolve) => setImmediate(resolve))
    expect(pod.told).toEqual(['a'])
    pod.isRoomLeft = true
    body.resume()
    await until(() => pod.told.length === 2)
  })

  it('is touched by its end, though it is empty', async () => {
    const { body, sendBy, send } = bodyOf()
    const pod = new Pod()
    sendBy(pod)
    send(null)
    await until(() => pod.told.length === 1)
    expect([body.isUntouched, body.isWhole]).toEqual([false, false])
  })

  it('is held between two pods: nothing of it is lost, and nothing is sent to the first', async () => {
    const { request, body, sendBy, send } = bodyOf()
    const [first, second] = [new Pod(true), new Pod()]
    sendBy(first)
    body.hold()
    send('a')
    send('b')
    await new Promise((resolve) => setImmediate(resolve))
    expect([request.isPaused(), body.isUntouched]).toEqual([true, true])
    sendBy(second)
    send(null)
    await until(() => second.told.length === 3)
    expect([first.told, second.told]).toEqual([[], ['a', 'b', 'end ']])
  })

  it('goes again from its first byte where a pod has refused to look at it', async () => {
    const { body, sendBy, send } = bodyOf()
    const [first, second] = [new Pod(true), new Pod(true)]
    sendBy(first)
    send('a')
    await until(() => first.told.length === 1)
    send(null)
    await until(() => first.told.length === 2)
    expect(body.isWhole).toBe(true)
    body.hold()
    sendBy(second)
    expect(second.told).toEqual(['a', 'end '])
  })

  it('is whole no more when it is longer than what is kept, and when the pod has answered', async () => {
    const long = bodyOf()
    const pod = new Pod(true)
    long.sendBy(pod)
    long.send('a'.repeat(16_384))
    await until(() => pod.told.length === 1)
    expect(long.body.isWhole).toBe(true)
    long.send('b')
    await until(() => pod.told.length === 2)
    expect(long.body.isWhole).toBe(false)
    const answered = bodyOf()
    answered.sendBy(new Pod(true))
    answered.body.forget()
    expect(answered.body.isWhole).toBe(false)
  })

  it('is read to its end and thrown away when it is dropped', async () => {
    const { request, body, sendBy, send } = bodyOf()
    const pod = new Pod()
    pod.isRoomLeft = false
    sendBy(pod)
    send('a')
    await until(() => request.isPaused())
    body.drop()
    send('b')
    send(null)
    await until(() => request.readableEnded)
    expect(pod.told).toEqual(['a'])
  })
})
