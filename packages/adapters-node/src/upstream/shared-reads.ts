import type { OnReadOpts, Socket } from 'node:net'

/** Every read of every connection lands here, and is used up or copied before the next. */
const READ_BUFFER: Buffer = Buffer.allocUnsafeSlow(65_536)

/** Where a socket has its {@link SharedReads}. */
const READS: unique symbol = Symbol('limpet.reads')

interface ReadingSocket extends Socket {
  [READS]?: SharedReads
}

/**
 * The `onread` option of one socket: what was read is handed over in a buffer that all sockets share. Without it node takes
 * 64 KiB for each read and gives back what is not needed, which costs time, and in minutes of mixed traffic leaves the
 * allocator with holes that look like a leak.
 */
export class SharedReads implements OnReadOpts {
  readonly buffer: Buffer = READ_BUFFER
  #socket: Socket | undefined
  #reader: ((bytes: Buffer) => void) | undefined

  /** Called by node with the number of bytes; false would stop the reads. */
  readonly callback = (length: number): boolean => {
    const bytes = READ_BUFFER.subarray(0, length)
    if (this.#reader) this.#reader(bytes)
    // Nobody has taken the socket yet: the bytes wait in it as they do without this option.
    else this.#socket?.push(Buffer.from(bytes))
    return true
  }

  /** Notes the socket that was made with this option. */
  of(socket: Socket): Socket {
    this.#socket = socket
    ;(socket as ReadingSocket)[READS] = this
    return socket
  }

  /** `reader` may use the bytes until it returns. */
  to(reader: (bytes: Buffer) => void): void {
    this.#reader = reader
    // What had come before stands in the socket.
    const socket = this.#socket
    for (let waiting = socket?.read(); waiting; waiting = socket?.read()) reader(waiting as Buffer)
  }
}

/** The shared reads of a socket, if it was made with them. */
export function sharedReadsOf(socket: Socket): SharedReads | undefined {
  return (socket as ReadingSocket)[READS]
}
