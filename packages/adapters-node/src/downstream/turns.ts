import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { DownstreamResponse } from './downstream-request.ts'

/** Requests that one connection may send ahead: far more than any client does, and far fewer than one read can hold. */
const MOST_AHEAD = 100

/** Tells whether connections are to end. */
export interface Ending {
  readonly endsConnections: boolean
}

/** True while an earlier response of the same HTTP/1.1 connection has not ended; streams of HTTP/2 never wait. */
export function isAhead(response: DownstreamResponse): response is ServerResponse {
  return response.socket === null && !('stream' in response)
}

/**
 * Requests that came before their turn (pipelining: RFC 9112, 9.3.2). node gives them all at once, so that a connection with
 * a read full of them would hold thousands of leases and connections to pods; here each is begun when its response can be
 * sent. Nothing more is read from the connection meanwhile.
 */
export class Turns {
  readonly #ahead = new WeakMap<Socket, number>()

  /**
   * Calls `begin` when the turn of `response` has come; never, if its connection ends before, has sent too far ahead, or is
   * to end: whoever gets no answer before the end knows that its request was not begun (RFC 9112, 9.6).
   */
  wait(response: ServerResponse, ending: Ending, begin: () => void): void {
    const { socket } = response.req
    if (socket.destroyed) return
    const ahead = (this.#ahead.get(socket) ?? 0) + 1
    if (ahead > MOST_AHEAD) {
      socket.destroy()
      return
    }
    this.#ahead.set(socket, ahead)
    socket.pause()
    response.once('socket', () => {
      const left = (this.#ahead.get(socket) as number) - 1
      this.#ahead.set(socket, left)
      if (socket.destroyed) return
      if (ending.endsConnections) return socket.destroySoon()
      if (left === 0) socket.resume()
      // The response before may have had a time limit of its own, which would end this one while its pod works.
      socket.setTimeout(0)
      begin()
    })
  }
}
