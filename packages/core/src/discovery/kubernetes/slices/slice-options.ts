import {
  choiceOption,
  durationOption,
  functionOption,
  invalidOption,
  optionsObject,
} from '../../../option.ts'
import type { KubernetesPod, SliceEndpoint } from './endpoint-slice.ts'

/** What the EndpointSlices of a Service are read for. @public */
export interface SliceOptions {
  /**
   * Which port of the slices requests go to: its name, or its number, which is that of the pods (`targetPort`) and not that of the
   * Service. A name is looked up in each slice, as its number may differ between pods. A number also serves a headless
   * Service that names no ports. Default: the only TCP port, or the one without a name.
   */
  readonly port?: string | number
  /**
   * What bindings point at: the `name` of the pod, its `uid`, or its `address` with the port. An endpoint that no pod stands
   * behind is known by its address, whatever is said here. Default `name`.
   */
  readonly identity?: 'name' | 'uid' | 'address'
  /**
   * Which addresses of the pods are used. With a preference, a pod that has both is one endpoint at the preferred one, and a
   * pod that has only the other is used at that. Default `prefer-IPv4`.
   */
  readonly ipFamily?: 'IPv4' | 'IPv6' | 'prefer-IPv4' | 'prefer-IPv6'
  /** Default: as `appProtocol` of the port says, else `http:`. */
  readonly protocol?: 'http:' | 'https:'
  /** Default: as `appProtocol` of the port says, else `1.1`. */
  readonly httpVersion?: '1.1' | '2'
  /**
   * Weight of each endpoint, 0 to 65535; 0 takes no new keys and keeps those it has. A function is called whenever the slice
   * of the endpoint has changed, must answer the same for the same endpoint, and anything but a weight counts as 1. Default 1.
   */
  readonly weight?: number | ((endpoint: SliceEndpoint) => number)
  /**
   * The weight of an endpoint by its pod: the name of an annotation that holds the number, or a function. Outranks `weight`
   * where it tells a weight. EndpointSlices carry no annotations of pods, so the pods of the namespace are watched too, which
   * needs `list` and `watch` on `pods`. Default: pods are not looked at.
   */
  readonly podWeight?: string | ((pod: KubernetesPod) => number | undefined)
  /**
   * Where this gateway runs, to follow the hints of the slices (`trafficDistribution`, topology aware routing): an endpoint
   * that is meant for this node, or else for this zone, then has this `zone`, which `preferZone(zone, …)` places new keys in. No
   * bound key moves by a hint. Default: hints are not looked at, and the zone of an endpoint is its own.
   */
  readonly hints?: HintsOption
  /**
   * How long an endpoint that was not terminating stays when no slice lists it any more, in milliseconds: slices are written one by one,
   * and an endpoint that moves to another may leave the first before. One whose address another pod has got goes at once.
   * 0 = goes at once. Default 2 000.
   */
  readonly moveGraceMs?: number
}

/** Where this gateway runs. @public */
export interface HintsOption {
  /** As in `topology.kubernetes.io/zone` of its node. */
  readonly zone: string
  /** Name of its node, for `PreferSameNode`. Default: nobody is on the same node. */
  readonly node?: string
}

/** {@link SliceOptions}, checked and with defaults. */
export interface CheckedSliceOptions {
  readonly port: string | number | undefined
  readonly identity: 'name' | 'uid' | 'address'
  readonly families: readonly Family[]
  readonly protocol: 'http:' | 'https:' | undefined
  readonly httpVersion: '1.1' | '2' | undefined
  readonly weight: number | ((endpoint: SliceEndpoint) => number)
  readonly podWeight: string | ((pod: KubernetesPod) => number | undefined) | undefined
  readonly hints: HintsOption | undefined
  readonly moveGraceMs: number
}

export type Family = 'IPv4' | 'IPv6'

/** The names of {@link SliceOptions}, for an options object that extends it. */
export const SLICE_OPTIONS: readonly (keyof SliceOptions)[] = [
  'port',
  'identity',
  'ipFamily',
  'protocol',
  'httpVersion',
  'weight',
  'podWeight',
  'hints',
  'moveGraceMs',
]

/** Families in the order in which they are preferred. */
const FAMILIES: Readonly<Record<NonNullable<SliceOptions['ipFamily']>, readonly Family[]>> = {
  IPv4: ['IPv4'],
  IPv6: ['IPv6'],
  'prefer-IPv4': ['IPv4', 'IPv6'],
  'prefer-IPv6': ['IPv6', 'IPv4'],
}

/** As the API server checks names of labels and annotations: `[prefix/]name`. */
const ANNOTATION = /^(?:[a-z\d][-.a-z\d]{0,252}\/)?[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?$/

/**
 * Checks the options of a slice reader; others that stand beside them are left to the caller. `path` names them in errors.
 *
 * @throws StickyError `invalid-option`
 */
export function checkedSliceOptions(path: string, options: SliceOptions): CheckedSliceOptions {
  const { port, identity = 'name', ipFamily = 'prefer-IPv4', protocol, httpVersion } = options
  const { weight = 1, podWeight, hints, moveGraceMs = 2_000 } = options
  if (port !== undefined) checkPort(`${path}.port`, port)
  choiceOption(`${path}.identity`, identity, ['name', 'uid', 'address'])
  choiceOption(`${path}.ipFamily`, ipFamily, ['IPv4', 'IPv6', 'prefer-IPv4', 'prefer-IPv6'])
  if (protocol !== undefined) choiceOption(`${path}.protocol`, protocol, ['http:', 'https:'])
  if (httpVersion !== undefined) choiceOption(`${path}.httpVersion`, httpVersion, ['1.1', '2'])
  if (typeof weight !== 'function' && !isWeight(weight)) {
    throw invalidOption(`${path}.weight`, 'a number from 0 to 65535 or a function', weight)
  }
  if (typeof podWeight === 'string') {
    if (!ANNOTATION.test(podWeight)) {
      throw invalidOption(`${path}.podWeight`, 'the name of an annotation or a function', podWeight)
    }
  } else if (podWeight !== undefined) functionOption(`${path}.podWeight`, podWeight)
  if (hints !== undefined) checkHints(`${path}.hints`, hints)
  return {
    port,
    identity,
    families: FAMILIES[ipFamily],
    protocol,
    httpVersion,
    weight,
    podWeight,
    hints,
    moveGraceMs: durationOption(`${path}.moveGraceMs`, moveGraceMs, 0, 'finite'),
  }
}

export function isWeight(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 65_535
}

function checkPort(path: string, port: unknown): void {
  const isNumber = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535
  // RFC 6335 allows 15 characters, names of Service ports are DNS labels; '' is the port without a name.
  const isName = typeof port === 'string' && /^(?:[a-z\d](?:[-a-z\d]{0,61}[a-z\d])?)?$/.test(port)
  if (!isNumber && !isName) {
    throw invalidOption(path, 'the name of a port or an integer from 1 to 65535', port)
  }
}

function checkHints(path: string, hints: HintsOption): void {
  optionsObject(path, hints, ['zone', 'node'])
  const { zone, node } = hints
  if (typeof zone !== 'string' || zone === '') throw invalidOption(`${path}.zone`, 'the name of a zone', zone)
  if (node !== undefined && (typeof node !== 'string' || node === '')) {
    throw invalidOption(`${path}.node`, 'the name of a node', node)
  }
}
