import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { StickyError } from '../../error.ts'
import { type Limits, limited } from '../wait.ts'
import { decodeMessage } from './decode.ts'
import { type Extension, encodeQuery } from './encode.ts'
import { CLASS_IN, type Message, RCODE, TYPE } from './message.ts'
import type { RecordType } from './resolver.ts'
import { type ServerAddress, serverText } from './server-address.ts'

/** One question for one server. */
export interface Query extends Limits {
  readonly name: string
  readonly type: RecordType
  readonly server: ServerAddress
  readonly extension: Extension
}

/**
 * Asks over UDP, and over TCP where the answer did not fit (RFC 7766, 5).
 *
 * @throws StickyError `dns`; the reason of the signal
 */
export async function exchange(query: Query, transport: 'udp' | 'tcp'): Promise<Message> {
  if (transport === 'udp') {
    const message = await askOverUdp(query)
    if (!message.isTruncated) return message
  }
  const message = await askOverTcp(query)
  if (message.isTruncated) {
    // More than 64 KiB: what was cut off is unknown, and a part of a pool taken for the whole would end bindings.
    throw new StickyError('dns', `the answer of ${serverText(query.server)} does not fit a DNS message`)
  }
  return message
}

function askOverUdp(query: Query): Promise<Message> {
  const { server } = query
  const id = randomId()
  let ignored = ''
  const timeout = () =>
    new StickyError('dns', `${serverText(server)} did not answer within ${query.timeoutMs} ms${ignored}`)
  return limited(query, timeout, (resolve, reject) => {
    // A socket of its own for each query: a source port that cannot be guessed. Connected: the kernel drops whatever
    // comes from another address (RFC 5452, 9.2), and a port where nobody listens is an error at once.
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
    socket.unref()
    socket.on('error', (error) => reject(unreachable(server, error)))
    socket.on('message', (bytes) => {
      // What does not fit the question may be forged: the real answer may still come (RFC 5452, 9.1).
      const message = readReply(bytes, id, query)
      if (typeof message === 'string') ignored = `; ignored ${message}`
      else resolve(message)
    })
    let isOpen = true
    socket.connect(server.port, server.host, () => {
      // The query may have ended between the connection and this call.
      if (isOpen) socket.send(encodeQuery(id, query.name, query.type, query.extension))
    })
    return () => {
      isOpen = false
      socket.close()
    }
  })
}

function askOverTcp(query: Query): Promise<Message> {
  const { server } = query
  const id = randomId()
  const timeout = () =>
    new StickyError('dns', `${serverText(server)} did not answer within ${query.timeoutMs} ms over TCP`)
  return limited(query, timeout, (resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port })
    socket.unref()
    const frame = new Frame()
    socket.on('error', (error) => reject(unreachable(server, error)))
    socket.on('end', () =>
      reject(new StickyError('dns', `${serverText(server)} ended the connection without an answer`)),
    )
    socket.on('data', (chunk) => {
      const bytes = frame.add(chunk)
      if (!bytes) return
      const message = readReply(bytes, id, query)
      if (typeof message === 'string') reject(new StickyError('dns', `${serverText(server)} sent ${message}`))
      else resolve(message)
    })
    const bytes = encodeQuery(id, query.name, query.type, query.extension)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytes.length)
    socket.write(Buffer.concat([length, bytes]))
    return () => socket.destroy()
  })
}

/**
 * A message over TCP: two bytes of length come first (RFC 1035, 4.2.2). Counts as it receives, so that a server which sends
 * byte by byte costs no more than one that does not.
 */
class Frame {
  readonly #bytes = Buffer.alloc(2 + 0xffff)
  #received = 0

  /** The message once all of it is there. */
  add(chunk: Buffer): Buffer | undefined {
    this.#received += chunk.copy(this.#bytes, this.#received)
    if (this.#received < 2) return undefined
    const end = 2 + this.#bytes.readUInt16BE(0)
    return this.#received < end ? undefined : this.#bytes.subarray(2, end)
  }
}

/** The reply, or why it is none to this query. */
function readReply(bytes: Buffer, id: number, query: Query): Message | string {
  // Before all else: a long message takes its time to decode, and whoever guesses ports must not make us take it.
  if (bytes.length >= 2 && bytes.readUInt16BE(0) !== id) return 'an answer to another query'
  let message: Message
  try {
    message = decodeMessage(bytes)
  } catch (error) {
    return `a ${(error as Error).message}`
  }
  if (!message.isResponse || message.opcode !== 0) return 'an answer to another query'
  const { questions, rcode } = message
  const [question] = questions
  // A server that does not understand the query need not repeat the question.
  if (!question && (rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP)) return message
  const isSame =
    questions.length === 1 &&
    question?.name === query.name &&
    question.type === TYPE[query.type] &&
    question.class === CLASS_IN
  return isSame ? message : 'an answer to another question'
}

/** Not from a counter and not from `Math.random`: whoever guesses the id can forge the answer (RFC 5452, 9.2). */
function randomId(): number {
  return randomInt(2 ** 16)
}

function unreachable(server: ServerAddress, cause: Error): StickyError {
  return new StickyError('dns', `${serverText(server)} cannot be reached: ${cause.message}`, { cause })
}
