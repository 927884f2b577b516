import { type Clock, systemClock } from '../clock.ts'
import { choiceOption, contractOption, durationOption, integerOption, optionsObject } from '../option.ts'

/** Options of {@link memoryTable}. @public */
export interface MemoryTableOptions {
  /**
   * A binding ends when it was not used for this long, in milliseconds; at least 1, `Infinity` = no idle timeout.
   * Default 10 800 000 (3 hours), as a Service with `sessionAffinity: ClientIP`.
   */
  readonly idleTimeoutMs?: number
  /**
   * A binding ends this long after its key was bound first, however much it is used, in milliseconds; at least 1.
   * Default `Infinity`. A move does not start it again. Costs 8 bytes for each binding.
   */
  readonly absoluteTimeoutMs?: number
  /**
   * Bindings kept at most, 1 to 100 000 000. Default 1 000 000. Memory is taken as bindings come: about 60 bytes for
   * each, 105 with exact keys.
   */
  readonly maxEntries?: number
  /**
   * What is kept of a key. `fingerprint` (default): 96 bits of a keyed hash, so that nobody reads a key out of the
   * table, nor out of its snapshot. `exact`: the key itself (of one over 64 characters its SHA-256), for those who must
   * list keys in clear.
   */
  readonly keys?: 'fingerprint' | 'exact'
  /**
   * What becomes of a new key when the table holds `maxEntries` bindings, none of them expired. `evict` (default): the
   * binding used longest ago ends. `refuse`: the key is not bound, and its requests are placed by hash (`fallback`); who is bound
   * stays bound, whatever a flood of new keys does.
   */
  readonly whenFull?: 'evict' | 'refuse'
  /**
   * Bindings that one client address may have at most, 1 or more; a new key beyond it is not bound, and its requests are placed
   * by hash (`fallback`). IPv6 addresses count by their /64. Default `Infinity`: not counted, and no memory spent on it
   * (else 4 bytes for each binding and 25 for each address). Clients behind one NAT share an address.
   */
  readonly maxBindingsPerAddress?: number
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

const PATH = 'memoryTable'

/** Options with every default applied, checked. */
export function memoryTableSettings(options: MemoryTableOptions): Required<MemoryTableOptions> {
  optionsObject(PATH, options, [
    'idleTimeoutMs',
    'absoluteTimeoutMs',
    'maxEntries',
    'keys',
    'whenFull',
    'maxBindingsPerAddress',
    'clock',
  ])
  const {
    idleTimeoutMs = 10_800_000,
    absoluteTimeoutMs = Number.POSITIVE_INFINITY,
    maxEntries = 1_000_000,
    keys = 'fingerprint',
    whenFull = 'evict',
    maxBindingsPerAddress = Number.POSITIVE_INFINITY,
    clock = systemClock,
  } = options
  return {
    idleTimeoutMs: durationOption(`${PATH}.idleTimeoutMs`, idleTimeoutMs, 1, 'or-never'),
    absoluteTimeoutMs: durationOption(`${PATH}.absoluteTimeoutMs`, absoluteTimeoutMs, 1, 'or-never'),
    maxEntries: integerOption(`${PATH}.maxEntries`, maxEntries, 1, 100_000_000),
    keys: choiceOption(`${PATH}.keys`, keys, ['fingerprint', 'exact']),
    whenFull: choiceOption(`${PATH}.whenFull`, whenFull, ['evict', 'refuse']),
    maxBindingsPerAddress:
      maxBindingsPerAddress === Number.POSITIVE_INFINITY
        ? maxBindingsPerAddress
        : integerOption(`${PATH}.maxBindingsPerAddress`, maxBindingsPerAddress, 1, 100_000_000),
    clock: contractOption(`${PATH}.clock`, clock, 'Clock', ['now', 'after']),
  }
}
