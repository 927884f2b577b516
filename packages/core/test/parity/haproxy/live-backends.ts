import { fullHash } from '../../../src/parity/haproxy/full-hash.ts'
import { ANSWERS, REFUSES } from './live-haproxy.ts'
import { drawing, randomBackend } from './random-backend.ts'

export const SEED = 20_261_124

export const random: readonly string[] = Array.from({ length: 36 }, (_, i) =>
  randomBackend(`b${i}`, i, drawing(SEED + i)),
)

const DEALING = ['consistent', 'map-based', 'consistent crc32', 'map-based djb2 avalanche']

/** Backends of which some servers refuse every connection, with each way to try again. */
export const failing: readonly string[] = [
  '',
  'redispatch',
  'redispatch 1',
  'redispatch 2',
  'redispatch -2',
  'redispatch 1',
].flatMap((option, i) =>
  DEALING.map((dealing, j) => {
    const draw = drawing(SEED + 2000 + 10 * i + j)
    return [
      `backend f${i}-${j}`,
      '  balance hdr(x-key)',
      `  hash-type ${dealing}`,
      ...(i === 5 ? [] : [`  retries ${draw(6) + (option === 'redispatch -2' ? 2 : 0)}`]),
      ...(option === '' ? [] : [`  option ${option}`]),
      ...Array.from(
        { length: 2 + draw(5) },
        (_, at) => `  server s${at} ${draw(2) ? REFUSES : ANSWERS} weight ${1 + draw(3)}`,
      ),
    ].join('\n')
  }),
)

/** Backends that balance by the client's address. */
export const bySource: readonly string[] = ['source', 'hash src'].flatMap((balance, i) =>
  [...DEALING, 'consistent sdbm', 'map-based wt6 avalanche'].map((dealing, j) =>
    [
      `backend a${i}-${j}`,
      `  balance ${balance}`,
      `  hash-type ${dealing}`,
      ...Array.from({ length: 7 }, (_, at) => `  server s${at} ${ANSWERS} weight ${1 + (at % 3)}`),
    ].join('\n'),
  ),
)

/** Without `allbackups`, as far as HAProxy's own divisions let the first backup be the one. */
export const soleBackups: readonly string[] = ['consistent', 'map-based'].flatMap((dealing, i) =>
  [
    [2, 200, 2],
    [1, 256, 7],
    [3, 5, 6],
    [4, 8, 12],
    [10, 5, 15],
  ].map((weights, j) =>
    [
      `backend s${i}-${j}`,
      '  balance hdr(x-key)',
      `  hash-type ${dealing}`,
      `  server down ${ANSWERS} disabled weight ${j + 1}`,
      ...weights.map((weight, at) => `  server s${at} ${ANSWERS} backup weight ${weight}`),
    ].join('\n'),
  ),
)

export const turns: readonly string[] = [
  `backend hdr\n  balance hdr(x-key)\n${[0, 1, 2].map((at) => `  server s${at} ${ANSWERS}`).join('\n')}`,
  `backend hash\n  balance hash req.hdr(x-key)\n${[0, 1, 2].map((at) => `  server s${at} ${ANSWERS}`).join('\n')}`,
]

/** Four servers of 4,096 nodes each, some of them between 127.0.0.0 and 127.255.255.255; a client's address is its hash. */
export const dense: string = `backend dense\n  balance source\n  hash-type consistent sdbm\n${[1, 2, 3, 4].map((id) => `  server s${id} ${ANSWERS} weight 256`).join('\n')}`

/** Addresses that are equally far from two nodes of different servers. */
export function tiedAddresses(): string[] {
  const nodes = [1, 2, 3, 4].flatMap((id) =>
    Array.from({ length: 4096 }, (_, j) => ({ id, at: fullHash(id * 4096 + j) })),
  )
  nodes.sort((a, b) => a.at - b.at)
  return nodes.flatMap(({ id, at }, i) => {
    const next = nodes[i + 1]
    const middle = next === undefined ? 0 : (at + next.at) / 2
    const isTied = next !== undefined && next.id !== id && Number.isInteger(middle) && middle >>> 24 === 127
    return isTied ? [[24, 16, 8, 0].map((by) => (middle >>> by) & 0xff).join('.')] : []
  })
}

export function nameOf(backend: string): string {
  return /^backend (\S+)/.exec(backend)?.[1] as string
}
