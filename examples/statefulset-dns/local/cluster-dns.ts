import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet'

/** Short, so that a restarted pod is found soon; the DNS of most clusters says 5. */
const TTL_SECONDS = 1

/** What the DNS server of a cluster does for the pods of a StatefulSet: a name for each that runs, over UDP. */
export class ClusterDns implements AsyncDisposable {
  readonly #addresses = new Map<string, string>()
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (bytes, { address, port }) => {
      const answer = this.#answer(bytes)
      if (answer) socket.send(answer, port, address)
    })
  }

  static async start(): Promise<ClusterDns> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new ClusterDns(socket)
  }

  get address(): string {
    const { address, port } = this.#socket.address()
    return `${address}:${port}`
  }

  set(name: string, address: string): void {
    this.#addresses.set(name.toLowerCase(), address)
  }

  remove(name: string): void {
    this.#addresses.delete(name.toLowerCase())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #answer(bytes: Buffer): Buffer | undefined {
    const query = understood(bytes)
    const question = query?.questions?.[0]
    if (query === undefined || question === undefined) return undefined
    const address = this.#addresses.get(question.name.toLowerCase())
    const answers: Packet['answers'] =
      address !== undefined && question.type === 'A'
        ? [{ type: 'A', name: question.name, ttl: TTL_SECONDS, data: address }]
        : []
    const NXDOMAIN = 3
    return encode({
      type: 'response',
      id: query.id ?? 0,
      flags: address === undefined ? NXDOMAIN : 0,
      questions: [question],
      answers,
      // Says for how long an answer without records may be kept (RFC 2308).
      authorities: answers.length > 0 ? [] : [startOfAuthority()],
    })
  }
}

function understood(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

function startOfAuthority(): NonNullable<Packet['authorities']>[number] {
  const times = { serial: 1, refresh: 7_200, retry: 1_800, expire: 86_400, minimum: TTL_SECONDS }
  const data = { mname: 'ns.dns.cluster.local', rname: 'hostmaster.cluster.local', ...times }
  return { type: 'SOA', name: 'cluster.local', ttl: TTL_SECONDS, data }
}
