/**
 * What it costs to agree with Envoy: its hash of a key, which is of 64 bits, beside the two hashes of 32 bits by which Limpet's own ring
 * places one. Both from the same bytes; keys of a pool come as text, so that is there, too.
 */
import { KeyLanes } from '../src/hash/key-lanes.ts'
import { Hash64 } from '../src/parity/envoy/hash64.ts'
import { murmur2 } from '../src/parity/envoy/murmur2.ts'
import { requestHash } from '../src/parity/envoy/request-hash.ts'
import { xxh64 } from '../src/parity/envoy/xxh64.ts'
import { envoyMaglev, envoyRingHash } from '../src/parity/index.ts'
import { textBytes } from '../src/parity/wire-bytes.ts'
import { type Contender, interleaved } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

const COUNT = 1_024
const wire = new WireKeys(COUNT)
const texts = Array.from({ length: COUNT }, (_, index) => wire.at(index))
const bytes = texts.map(textBytes)
const lanes = new KeyLanes(0, 0)
const hash = new Hash64()
let sum = 0

/** Runs `once` on one key after the other. */
function over<Key>(name: string, keys: readonly Key[], once: (key: Key) => number): Contender {
  return {
    name,
    run(operations) {
      for (let i = 0; i < operations; i++) sum ^= once(keys[i % COUNT] as Key)
    },
  }
}

interleaved('hash of a key of 36 bytes', [
  over('two lanes, from bytes', bytes, (key) => {
    lanes.readBytes(key)
    return lanes.first ^ lanes.second
  }),
  over('two lanes, from a text', texts, (key) => {
    lanes.readText(key)
    return lanes.first ^ lanes.second
  }),
  over('XXH64', bytes, (key) => {
    hash.set(0, 0)
    xxh64(hash, key, 0, key.length)
    return hash.high ^ hash.low
  }),
  over('request hash of Envoy, by XXH64', bytes, (key) => {
    requestHash(hash, key)
    return hash.high ^ hash.low
  }),
  over('MurmurHash2-64A', bytes, (key) => {
    murmur2(hash, key, 0, key.length)
    return hash.high ^ hash.low
  }),
])

const hosts = Array.from({ length: 1_000 }, (_, index) => ({
  hashKey: `10.0.${index >> 8}.${index & 255}:8080`,
}))
const hashPolicy = [{ header: 'x-session' }]
const ring = envoyRingHash({ hosts, hashPolicy, minimumRingSize: 100_000 })
const maglev = envoyMaglev({ hosts, hashPolicy })
interleaved('pick of 1,000 hosts, with the hash of the key', [
  over('two lanes alone', bytes, (key) => {
    lanes.readBytes(key)
    return lanes.first ^ lanes.second
  }),
  over('envoyRingHash, 100,000 entries', bytes, (key) => ring.pick(key)?.weight ?? 0),
  over('envoyMaglev, 65,537 places', bytes, (key) => maglev.pick(key)?.weight ?? 0),
])

interleaved(
  'build for 1,000 hosts',
  [
    over('envoyRingHash, 1,024 entries', texts, () => envoyRingHash({ hosts, hashPolicy }).servers.length),
    over('envoyMaglev, 65,537 places', texts, () => envoyMaglev({ hosts, hashPolicy }).servers.length),
  ],
  20_000,
)

if (sum === 0.5) throw new Error('nothing was hashed')
