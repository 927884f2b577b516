/** The parts of untyped packages that are measured beside. */
declare module 'consistent-hash' {
  export default class ConsistentHash {
    add(node: string, points?: number): this
    get(key: string): string | null
  }
}
declare module 'hashring' {
  export default class HashRing {
    constructor(nodes: readonly string[])
    get(key: string): string
  }
}
declare module 'node-hashring' {
  export default class HashRing {
    constructor(nodes: readonly string[])
    findNode(key: string): string
  }
}
