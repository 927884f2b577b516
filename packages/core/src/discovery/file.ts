import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../clock.ts'
import type { StickyError } from '../error.ts'
import {
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../option.ts'
import type { Discovery } from './discovery.ts'
import { FileWatch } from './file-watch.ts'

/** Options of {@link fileDiscovery}. @public */
export interface FileDiscoveryOptions {
  /**
   * How often the file is looked at, in milliseconds, for file systems that tell of no changes; at least 1. `Infinity`
   * relies on being told. One look opens the file and reads it only if it has changed. Default 2 000.
   */
  readonly pollMs?: number
  /**
   * How long after the first sign of a change the file is read, in milliseconds, so that a write in several steps is
   * read once; 0 reads at once. Default 50.
   */
  readonly debounceMs?: number
  /** The longest file that is read, 2 to 2^30 bytes. Default 16 777 216. */
  readonly maxBytes?: number
  /**
   * Told why the file cannot be used, once until that changes: it is missing, no JSON, has a bad endpoint. The last good
   * endpoints stay. Default: a warning of the process.
   */
  readonly onError?: (error: StickyError) => void
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

const NAMES = [
  'pollMs',
  'debounceMs',
  'maxBytes',
  'onError',
  'clock',
] as const satisfies readonly (keyof FileDiscoveryOptions)[]

/**
 * A discovery of the endpoints that a JSON file lists: URLs and endpoint objects, in a list or in `{ "endpoints": [...] }`.
 * The file is watched live, through atomic renames, swapped links (a mounted ConfigMap) and writes in place. While it is
 * missing or broken the last good endpoints stay; before the first good ones there is no snapshot.
 *
 * `path`: relative to the working directory of now, or a `file:` URL. Holds no process alive.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function fileDiscovery(path: string | URL, options: FileDiscoveryOptions = {}): Discovery {
  optionsObject('fileDiscovery', options, NAMES)
  const {
    pollMs = 2_000,
    debounceMs = 50,
    maxBytes = 16_777_216,
    onError = warn,
    clock = systemClock,
  } = options
  const checked = {
    path: resolvedPath(path),
    pollMs: durationOption('fileDiscovery.pollMs', pollMs, 1, 'or-never'),
    debounceMs: durationOption('fileDiscovery.debounceMs', debounceMs, 0, 'finite'),
    maxBytes: integerOption('fileDiscovery.maxBytes', maxBytes, 2, 2 ** 30),
    onError: functionOption('fileDiscovery.onError', onError),
    clock: contractOption('fileDiscovery.clock', clock, 'Clock', ['now', 'after']),
  }
  return {
    watch: (listener, signal, failed) => {
      const told = (error: StickyError) => {
        checked.onError(error)
        failed?.(error)
      }
      return new FileWatch({ ...checked, onError: told }, listener, signal).run()
    },
  }
}

function resolvedPath(path: string | URL): string {
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalidOption('fileDiscovery.path', 'a path or a file: URL', path instanceof URL ? path.href : path)
  }
  return resolve(path)
}

function warn(error: StickyError): void {
  process.emitWarning(error.message, { code: 'LIMPET_ENDPOINTS_FILE' })
}
