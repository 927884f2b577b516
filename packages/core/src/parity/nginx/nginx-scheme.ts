import type { RequestLike } from '../../key/request-like.ts'
import { CRC32_START } from '../crc32.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import { AddressOrder } from './address-order.ts'
import { chainPoints } from './chain-points.ts'
import { ModuloOrder } from './modulo-order.ts'
import type { NginxServer } from './nginx-server.ts'
import { type PeerOrder, PeerWalk } from './peer-walk.ts'
import type { RequestKey } from './request-key.ts'
import { RingOrder } from './ring-order.ts'
import { nameState } from './server-name.ts'
import { WeightedPeers } from './weighted-peers.ts'

/** The directives that choose by a key: `hash KEY consistent`, `hash KEY`, `ip_hash`. @public */
export type NginxMethod = 'hash consistent' | 'hash' | 'ip_hash'

/** Makes orders that share the points, one for each walk that is under way. */
type MakeOrder = () => PeerOrder

/** An upstream's servers under one of nginx's methods. */
export class NginxScheme implements ParityScheme<NginxServer> {
  readonly name: string
  readonly servers: readonly NginxServer[]
  readonly keyHeaders: readonly string[]
  readonly #method: NginxMethod
  readonly #key: RequestKey
  readonly #makeOrder: MakeOrder
  readonly #isUsable: Uint8Array
  /** The walk of `pick`, used over and over: nobody else sees it, and `pick` ends before it can be asked again. */
  readonly #walk: PeerWalk

  constructor(
    method: NginxMethod,
    servers: readonly NginxServer[],
    key: RequestKey,
    makeOrder: MakeOrder = orders(method, servers),
    isUsable: Uint8Array = Uint8Array.from(servers, ({ down }) => (down ? 0 : 1)),
  ) {
    this.name = `nginx ${method}`
    this.servers = servers
    this.keyHeaders = key.headers
    this.#method = method
    this.#key = key
    this.#makeOrder = makeOrder
    this.#isUsable = isUsable
    this.#walk = new PeerWalk(makeOrder(), isUsable)
  }

  key(request: RequestLike): Uint8Array | undefined {
    return this.#key.read(request)
  }

  pick(key: Uint8Array): NginxServer | undefined {
    if (this.servers.length === 1) return this.#only()
    if (!this.#hashes(key)) return undefined
    this.#walk.begin(key, false)
    return this.servers[this.#walk.next()]
  }

  *attempts(key: Uint8Array): Generator<NginxServer, void, undefined> {
    if (this.servers.length === 1) {
      const only = this.#only()
      if (only) yield only
      return
    }
    if (!this.#hashes(key)) return
    const walk = new PeerWalk(this.#makeOrder(), this.#isUsable)
    walk.begin(key, true)
    for (let peer = walk.next(); peer >= 0; peer = walk.next()) yield this.servers[peer] as NginxServer
  }

  without(down: ReadonlySet<string>): NginxScheme {
    const isDown = this.servers.map(({ name }) => down.has(name))
    if (!isDown.includes(true)) return this
    const isUsable = this.#isUsable.map((usable, index) => (isDown[index] ? 0 : usable))
    return new NginxScheme(this.#method, this.servers, this.#key, this.#makeOrder, isUsable)
  }

  /** nginx does not hash where there is one server, whatever the key. */
  #only(): NginxServer | undefined {
    return this.#isUsable[0] === 1 ? this.servers[0] : undefined
  }

  #hashes(key: Uint8Array): boolean {
    return this.#method === 'ip_hash' || key.length > 0
  }
}

function orders(method: NginxMethod, servers: readonly NginxServer[]): MakeOrder {
  if (method === 'hash consistent') {
    const owners = servers.map(({ name, weight }) => ({ state: nameState(CRC32_START, name), weight }))
    const points = chainPoints(owners)
    return () => new RingOrder(points)
  }
  const peers = new WeightedPeers(servers)
  return method === 'hash' ? () => new ModuloOrder(peers) : () => new AddressOrder(peers)
}
