import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServedRoute } from '@limpet/core'
import type { OpenStream, OpenStreams } from './open-streams.ts'

/** Where a socket has its stream, so that all sockets share the listeners below. */
const STREAM: unique symbol = Symbol('limpet.stream')

interface Side extends Duplex {
  [STREAM]?: UpgradedStream
}

/**
 * A stream of bytes between a client and a pod, once they have switched protocols. Thousands may be open for hours, so
 * that it holds its two sockets and its lease, and nothing of the request: no listener of its own, no pipe, no timer.
 *
 * What one side does happens to the other: bytes, as fast as it takes them; an end, while the other direction goes on; a
 * reset. Its lease ends when both sides are closed.
 */
export class UpgradedStream implements OpenStream {
  activeIn: number
  before: OpenStream | undefined = undefined
  after: OpenStream | undefined = undefined
  readonly #client: Side
  readonly #pod: Side
  readonly #lease: ServedRoute
  readonly #open: OpenStreams

  /** Takes two sockets that are not closed and have no listeners. */
  constructor(client: Side, pod: Side, lease: ServedRoute, open: OpenStreams) {
    this.#client = client
    this.#pod = pod
    this.#lease = lease
    this.#open = open
    this.activeIn = open.sweeps
    open.add(this)
  }

  /** Lets the bytes flow. */
  start(): void {
    this.#join(this.#client)
    this.#join(this.#pod)
  }

  cut(): void {
    this.#client.destroy()
    this.#pod.destroy()
  }

  /** The other side. */
  across(side: Side): Side {
    return side === this.#client ? this.#pod : this.#client
  }

  /** Bytes have flowed. */
  touch(): void {
    this.activeIn = this.#open.sweeps
  }

  /** Both sides are closed. */
  end(): void {
    this.#lease.done()
    this.#open.remove(this)
  }

  #join(side: Side): void {
    side[STREAM] = this
    // Before its `end` is emitted: an end must not end the other direction of the same socket.
    side.allowHalfOpen = true
    if (side instanceof Socket) side.setTimeout(0)
    side.on('data', read).on('drain', drained).on('end', ended).on('error', ignored).on('close', closed)
    // A client may end its side before the pod has answered.
    if (side.readableEnded) ended.call(side)
    else side.resume()
  }
}

function read(this: Side, chunk: Buffer): void {
  const stream = this[STREAM] as UpgradedStream
  const other = stream.across(this)
  if (other.destroyed) return
  stream.touch()
  if (!other.write(chunk)) this.pause()
}

function drained(this: Side): void {
  const stream = this[STREAM] as UpgradedStream
  stream.touch()
  stream.across(this).resume()
}

function ended(this: Side): void {
  const stream = this[STREAM] as UpgradedStream
  stream.touch()
  stream.across(this).end()
}

/** `close` follows. */
function ignored(): void {}

function closed(this: Side): void {
  const stream = this[STREAM] as UpgradedStream
  const other = stream.across(this)
  if (other.closed) return stream.end()
  if (other.destroyed) return
  if (!this.readableEnded) return reset(other)
  // It had said all that it had to say: the other side still gets what is on its way, and then there is nobody to talk to.
  if (other.writableFinished) other.destroy()
  else other.once('finish', destroyed)
}

function destroyed(this: Side): void {
  this.destroy()
}

/**
 * Ends a connection so that its peer cannot take the end for a regular one. A TLS peer misses the closing alert. Not for a
 * socket whose own end still waits behind other bytes: libuv refuses that, and node loses the socket.
 */
export function reset(socket: Duplex): void {
  try {
    if (socket instanceof Socket) socket.resetAndDestroy()
  } catch {
    // Neither TLS nor Unix sockets can be reset.
  }
  socket.destroy()
}
