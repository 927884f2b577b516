import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { decodeQuery, encodeMessage, type TestMessage, type TestRecord, TYPES } from './dns-wire.ts'

/** A query as the server saw it. */
export interface SeenQuery {
  readonly id: number
  readonly name: string
  readonly type: keyof typeof TYPES
  readonly transport: 'udp' | 'tcp'
  readonly hasEdns: boolean
  /** Source port of the client. */
  readonly port: number
}

/** What the server does with a query: a message, bytes as they are, several of them, or nothing at all. */
export type Reply = TestMessage | Buffer | readonly (TestMessage | Buffer)[] | 'silence'

/** A DNS server on a free port of loopback, over UDP and TCP, that answers from a list of records or as a script says. */
export class DnsServer implements AsyncDisposable {
  /** What there is. A name with none of these does not exist. */
  records: readonly TestRecord[] = []
  /** TTL and minimum of the SOA of answers without records, in seconds; undefined = no SOA. */
  negativeTtl: number | undefined = 5
  /** Answers instead of the records, where it answers something; a promise is a delay that the test ends. */
  script: (query: SeenQuery) => Reply | undefined | Promise<Reply> = () => undefined
  /** Every query, in the order of their arrival. */
  readonly queries: SeenQuery[] = []
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections = new Set<Socket>()
  #arrived = (): void => undefined

  private constructor(udp: UdpSocket, tcp: Server) {
    this.#udp = udp
    this.#tcp = tcp
    udp.on('message', (bytes, { port, address }) => {
      const send = (reply: Buffer) => udp.send(reply, port, address)
      void this.#answer(bytes, 'udp', port, send)
    })
    tcp.on('connection', (socket) => {
      this.#connections.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#connections.delete(socket))
      socket.once('data', (bytes) => {
        const send = (reply: Buffer) => {
          const length = Buffer.alloc(2)
          length.writeUInt16BE(reply.length)
          socket.write(length)
          socket.write(reply)
        }
        void this.#answer(bytes.subarray(2), 'tcp', socket.remotePort ?? 0, send)
      })
    })
  }

  /** Takes a port that is free for both; another when the second is taken. Rejects on a machine without this address. */
  static async start(host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<DnsServer> {
    for (;;) {
      const tcp = createServer()
      tcp.listen(0, host)
      await once(tcp, 'listening')
      const { port } = tcp.address() as { port: number }
      const udp = createSocket(host === '::1' ? 'udp6' : 'udp4')
      udp.bind(port, host)
      const isBound = await once(udp, 'listening').then(
        () => true,
        () => false,
      )
      if (isBound) return new DnsServer(udp, tcp)
      tcp.close()
    }
  }

  get address(): string {
    const { address, family, port } = this.#udp.address()
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
  }

  /** Resolves once this holds, which is looked at whenever a query arrives. */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        const before = this.#arrived
        this.#arrived = () => {
          before()
          resolve()
        }
      })
    }
  }

  /** TCP connections open now. */
  get connections(): number {
    return this.#connections.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    this.#udp.close()
    this.#tcp.close()
    await once(this.#tcp, 'close')
  }

  async #answer(
    bytes: Buffer,
    transport: 'udp' | 'tcp',
    port: number,
    send: (reply: Buffer) => void,
  ): Promise<void> {
    const { id, name: asked, type: number, payload } = decodeQuery(bytes)
    const type = Object.entries(TYPES).find(([, value]) => value === number)?.[0] as keyof typeof TYPES
    const query: SeenQuery = {
      id,
      name: asked.toLowerCase(),
      type,
      transport,
      hasEdns: payload !== undefined,
      port,
    }
    this.queries.push(query)
    // Taken at the arrival: what the test changes after that belongs to the next query.
    const pending = this.script(query) ?? this.fromRecords(query)
    const arrived = this.#arrived
    this.#arrived = () => undefined
    arrived()
    const reply = await pending
    if (reply === 'silence') return
    for (const message of Array.isArray(reply) ? reply : [reply]) {
      const encoded = Buffer.isBuffer(message) ? message : encodeMessage(message)
      const limit = transport === 'tcp' ? 65_535 : (payload ?? 512)
      const isCut = encoded.length > limit && !Buffer.isBuffer(message)
      try {
        send(isCut ? encodeMessage({ id, questions: message.questions ?? [], isTruncated: true }) : encoded)
      } catch {
        // The test has stopped the server meanwhile.
      }
    }
  }

  /** What the records say: aliases followed, addresses of SRV targets added where all are known. */
  fromRecords({ id, name, type, hasEdns }: SeenQuery): TestMessage {
    const answers: TestRecord[] = []
    let owner = name
    for (;;) {
      const here = this.records.filter((record) => record.name.toLowerCase() === owner)
      const alias = here.find((record) => record.type === 'CNAME')
      if (!alias || answers.includes(alias)) {
        answers.push(...here.filter((record) => record.type === type))
        const isKnown = here.length > 0
        return this.#message(id, name, type, hasEdns, answers, isKnown)
      }
      answers.push(alias)
      owner = alias.data.toLowerCase()
    }
  }

  #message(
    id: number,
    name: string,
    type: keyof typeof TYPES,
    hasEdns: boolean,
    answers: readonly TestRecord[],
    isKnown: boolean,
  ): TestMessage {
    const hasAnswer = answers.some((record) => record.type === type)
    const ttl = this.negativeTtl
    const targets = answers.flatMap((record) => (record.type === 'SRV' ? [record.data.split(' ')[3]] : []))
    return {
      id,
      rcode: isKnown ? 0 : 3,
      questions: [{ name, type: TYPES[type] }],
      answers,
      authorities: hasAnswer || ttl === undefined ? [] : [{ name: 'test', type: 'SOA', ttl, data: `${ttl}` }],
      additionals: this.records.filter(
        (record) => targets.includes(record.name) && (record.type === 'A' || record.type === 'AAAA'),
      ),
      opt: hasEdns ? 0 : undefined,
    }
  }
}
