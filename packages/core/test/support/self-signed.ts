import { generateKeyPairSync, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** A certificate of its own key, for one host name or IPv4 address, as PEM. */
export interface SelfSigned {
  readonly cert: string
  readonly key: string
}

/** Makes a certificate by hand (RFC 5280), since node can read certificates and not write them. Valid from 2000 to 2049. */
export function selfSigned(host: string): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(tagged(0x31, sequence(oid(2, 5, 4, 3), tagged(0x0c, Buffer.from(host)))))
  const algorithm = sequence(oid(1, 2, 840, 10_045, 4, 3, 2))
  const alternativeName = isIPv4(host)
    ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
    : tagged(0x82, Buffer.from(host))
  const toSign = sequence(
    tagged(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(time('000101000000Z'), time('491231000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(sequence(oid(2, 5, 29, 17), tagged(0x04, sequence(alternativeName))))),
  )
  const certificate = sequence(toSign, algorithm, bits(sign('sha256', toSign, privateKey)))
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Tag, length and content, as DER (X.690) has it. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]
  // The shortest form is the only one allowed.
  if (length >= 0x80 && length < 0x100) head.splice(1, 3, 0x81, length)
  return Buffer.concat([Buffer.from(head), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts)
const integer = (value: number): Buffer => tagged(0x02, Buffer.from([value]))
const bits = (bytes: Buffer): Buffer => tagged(0x03, Buffer.from([0]), bytes)
const time = (text: string): Buffer => tagged(0x17, Buffer.from(text))

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((value) => {
    const groups = [value & 0x7f]
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]))
}
