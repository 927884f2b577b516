import { isIPv4, isIPv6 } from 'node:net'
import { invalidOption, optionsObject } from '../../option.ts'
import { commonDivisor } from '../common-divisor.ts'
import type { ParityServer } from '../parity-scheme.ts'

/** A node of APISIX, or an endpoint of ingress-nginx. @public */
export interface RestyNodeOptions {
  /** Address and port, `10.0.0.1:8080` or `[fd00::1]:8080`, as text, because it is hashed as text. */
  readonly address: string
  /** APISIX: a whole number from 0, which takes no keys. Default 1; ingress-nginx has no weights. */
  readonly weight?: number
}

/** A node that takes part in a {@link restyChash}. @public */
export interface RestyNode extends ParityServer {
  /** 1 unless the config says otherwise. */
  readonly weight: number
}

const MOST_NODES = 10_000
/** 160 points each. */
const MOST_RING_WEIGHT = 32_768

/**
 * Checks the nodes.
 *
 * @throws StickyError `invalid-option` naming the node by its index
 */
export function checkNodes(
  path: string,
  nodes: readonly RestyNodeOptions[],
  hasWeights: boolean,
): readonly RestyNode[] {
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.length > MOST_NODES) {
    throw invalidOption(path, `a list of 1 to ${MOST_NODES} nodes`, nodes)
  }
  const names = new Set<string>()
  const checked = nodes.map((node: RestyNodeOptions, index) => {
    const here = `${path}[${index}]`
    const { address, weight = 1 } = optionsObject(
      here,
      node,
      hasWeights ? ['address', 'weight'] : ['address'],
    )
    if (!isAddressWithPort(address)) {
      throw invalidOption(`${here}.address`, 'an IP address with its port, such as 10.0.0.1:8080', address)
    }
    if (names.has(address)) throw invalidOption(`${here}.address`, 'each address once', address)
    names.add(address)
    if (!Number.isInteger(weight) || weight < 0 || weight > MOST_WEIGHT) {
      throw invalidOption(`${here}.weight`, `an integer from 0 to ${MOST_WEIGHT}`, weight)
    }
    return Object.freeze({ name: address, address, weight })
  })
  const total = ringWeights(checked).reduce((sum, weight) => sum + weight, 0)
  if (total === 0) throw invalidOption(path, 'a node with a weight above 0', nodes)
  if (total > MOST_RING_WEIGHT) {
    throw invalidOption(
      path,
      `weights of at most ${MOST_RING_WEIGHT} together, by their greatest divisor`,
      total,
    )
  }
  return Object.freeze(checked)
}

const MOST_WEIGHT = 2 ** 31 - 1

/** The weights divided by what all of them can be divided by, as APISIX does before it builds the ring. */
export function ringWeights(nodes: readonly RestyNode[]): readonly number[] {
  let divisor = 0
  for (const { weight } of nodes) divisor = commonDivisor(divisor, weight)
  return nodes.map(({ weight }) => (divisor === 0 ? 0 : weight / divisor))
}

function isAddressWithPort(text: unknown): text is string {
  const parts =
    typeof text === 'string' ? /^(?:\[([^\]%]+)\]|([\d.]+)):([1-9]\d{0,4})$/.exec(text) : undefined
  if (!parts || Number(parts[3]) > 65_535) return false
  return parts[1] === undefined ? isIPv4(parts[2] as string) : isIPv6(parts[1])
}
