import type { RequestLike } from '../../key/request-like.ts'
import { CRC32_START, crc32, crc32Update } from '../crc32.ts'
import { chainPoints } from '../nginx/chain-points.ts'
import type { RequestKey } from '../nginx/request-key.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import type { SortedPoints } from '../sorted-points.ts'
import { textBytes } from '../wire-bytes.ts'
import { type RestyNode, ringWeights } from './resty-node.ts'

/** Who uses lua-resty-balancer's chash, each in its own way. @public */
export type RestyFlavour = 'ingress-nginx' | 'apisix'

/** The ring over the nodes that are up: both flavours build it anew when nodes come and go. */
export class RestyScheme implements ParityScheme<RestyNode> {
  readonly name: string
  readonly servers: readonly RestyNode[]
  readonly keyHeaders: readonly string[]
  readonly #flavour: RestyFlavour
  readonly #key: RequestKey
  /** Those in the ring; owners of points are indexes into it. */
  readonly #nodes: readonly RestyNode[]
  readonly #points: SortedPoints

  constructor(
    flavour: RestyFlavour,
    servers: readonly RestyNode[],
    key: RequestKey,
    nodes: readonly RestyNode[] = servers,
  ) {
    this.name = `${flavour} chash`
    this.servers = servers
    this.keyHeaders = key.headers
    this.#flavour = flavour
    this.#key = key
    this.#nodes = nodes
    this.#points = ring(flavour, nodes)
  }

  key(request: RequestLike): Uint8Array | undefined {
    return this.#key.read(request)
  }

  pick(key: Uint8Array): RestyNode | undefined {
    if (this.#flavour === 'apisix' && this.servers.length === 1) return this.servers[0]
    return this.#nodeAt(this.#first(key))
  }

  *attempts(key: Uint8Array): Generator<RestyNode, void, undefined> {
    const first = this.pick(key)
    if (!first) return
    yield first
    // ingress-nginx looks the key up anew for each attempt, so it comes to the same pod until its tries are over.
    if (this.#flavour === 'apisix' && this.servers.length > 1) yield* this.#further(key, first)
  }

  without(down: ReadonlySet<string>): RestyScheme {
    const up = this.#nodes.filter(({ name }) => !down.has(name))
    if (up.length === this.#nodes.length) return this
    // "all upstream nodes is unhealthy, use default", says apisix/balancer.lua.
    const nodes = up.length === 0 && this.#flavour === 'apisix' ? this.servers : up
    return new RestyScheme(this.#flavour, this.servers, this.#key, nodes)
  }

  /** APISIX walks to the next node that it has not tried; with one try for each node, that of weight 0 included. */
  *#further(key: Uint8Array, first: RestyNode): Generator<RestyNode, void, undefined> {
    const tried = new Set([first])
    let index = this.#first(key)
    for (let tries = 1; tries < this.#nodes.length; tries++) {
      for (let step = 0; step < this.#points.size; step++) {
        index = (index + 1) % this.#points.size
        if (!tried.has(this.#nodeAt(index) as RestyNode)) break
      }
      const node = this.#nodeAt(index) as RestyNode
      tried.add(node)
      yield node
    }
  }

  #first(key: Uint8Array): number {
    const index = this.#points.indexAt(crc32(key))
    return index === this.#points.size ? 0 : index
  }

  #nodeAt(index: number): RestyNode | undefined {
    return this.#nodes[this.#points.owners[index] ?? -1]
  }
}

function ring(flavour: RestyFlavour, nodes: readonly RestyNode[]): SortedPoints {
  const weights = ringWeights(nodes)
  return chainPoints(
    nodes.map(({ name }, index) => {
      const id = flavour === 'apisix' ? name.replaceAll(':', '\0') : name
      return { state: crc32Update(CRC32_START, textBytes(id)), weight: weights[index] as number }
    }),
  )
}
