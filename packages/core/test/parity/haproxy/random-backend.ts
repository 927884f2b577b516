import { ANSWERS } from './live-haproxy.ts'

/** A stream of whole numbers below a limit; the same for each seed. */
export type Draw = (limit: number) => number

export function drawing(seed: number): Draw {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x9e3779b9) >>> 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) % limit
  }
}

const FUNCTIONS = [
  '',
  ' sdbm',
  ' djb2',
  ' wt6',
  ' crc32',
  ' sdbm avalanche',
  ' djb2 avalanche',
  ' wt6 avalanche',
  ' crc32 avalanche',
]
const BALANCES = [
  'hdr(X-Key)',
  'hdr(x-key)',
  'hash req.hdr(x-key)',
  'hash req.fhdr(x-key)',
  'hash req.hdr(x-key,2)',
  'hash req.fhdr(x-key,1)',
  'hash hdr(x-key,-2)',
]
const QUOTINGS = [(word: string) => word, (word: string) => `"${word}"`, (word: string) => `'${word}'`, hexed]

/** A backend of random servers, with ids, weights, backups and disabled servers, in one of the ways in which it may be written. */
export function randomBackend(name: string, turn: number, draw: Draw): string {
  const type = turn % 2 === 0 ? 'consistent' : 'map-based'
  const hashType = `hash-type ${type}${FUNCTIONS[(turn >> 1) % FUNCTIONS.length]}`
  const isDefault = type === 'map-based' && draw(6) === 0
  const quoted = (word: string) => (QUOTINGS[draw(QUOTINGS.length)] as (word: string) => string)(word)
  const servers = Array.from({ length: 1 + draw(draw(3) === 0 ? 30 : 8) }, (_, i) => {
    const words = [quoted('server'), quoted(`s${i}`), ANSWERS]
    if (draw(3) === 0) words.push('id', String(1 + draw(4) * 7 + i * 31))
    if (draw(2) === 0) words.push('weight', quoted(String(draw(4) === 0 ? draw(257) : draw(5))))
    if (draw(4) === 0) words.push('backup')
    if (draw(6) === 0) words.push('disabled')
    return `  ${words.join(draw(2) === 0 ? ' ' : '\t  ')}${draw(5) === 0 ? ' # server s99 127.0.0.1:1' : ''}`
  })
  return [
    `backend ${name}`,
    `  balance ${BALANCES[draw(3) === 0 ? draw(BALANCES.length) : 0]}`,
    ...(isDefault ? [] : [`  ${hashType}`]),
    ...(draw(3) === 0 ? ['  option allbackups'] : []),
    ...(draw(3) === 0 ? ['  option redispatch'] : []),
    ...(draw(3) === 0 ? [`  default-server weight ${1 + draw(3)}`] : []),
    ...servers,
    ...(draw(3) === 0
      ? [`  server-template t ${draw(2) ? '2-' : ''}${2 + draw(4)} ${ANSWERS} weight ${draw(4)}`]
      : []),
  ].join('\n')
}

function hexed(word: string): string {
  return word.replace(/^./, (char) => `\\x${char.charCodeAt(0).toString(16)}`)
}

const PIECES = [
  ',',
  ', ',
  ' ,',
  '"',
  '\\',
  '\\"',
  ' ',
  '\t',
  ';',
  'a',
  'Z',
  '7',
  'é',
  'ÿ',
  '\x80',
  '\xa0',
  '~',
  "'",
  '=',
  '%',
]

/** The lines of a key's header: mostly one plain one; also lists, quotes, blanks, any byte that HTTP lets in, several lines, none. */
export function randomLines(draw: Draw): string[] {
  const kind = draw(20)
  if (kind < 8) return [` ${plain(draw)}`]
  if (kind === 8) return []
  const lines = kind < 16 ? 1 : 1 + draw(3)
  return Array.from({ length: lines }, () => {
    const pieces = Array.from({ length: draw(9) }, () =>
      draw(3) === 0 ? plain(draw) : (PIECES[draw(PIECES.length)] as string),
    )
    return ['', ' ', '\t', ' \t '][draw(4)] + pieces.join('') + ['', ' ', '\t'][draw(3)]
  })
}

function plain(draw: Draw): string {
  return Array.from({ length: 1 + draw(40) }, () => {
    const code = 0x21 + draw(0xff - 0x21 + 1)
    return code === 0x7f ? '-' : String.fromCharCode(code)
  }).join('')
}
