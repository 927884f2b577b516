import { contractOption, functionOption, invalidOption } from '../option.ts'
import { KeyCheck, problem } from './key-options.ts'
import type { KeyReading, KeySource } from './key-source.ts'
import type { RequestLike } from './request-like.ts'

/**
 * The key of the first source that has one. A source with a problem ends the search: a request whose header is ambiguous
 * must not be recognised by its cookie instead.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function firstOf(...sources: KeySource[]): KeySource {
  checkSources('firstOf', sources)
  return {
    name: `firstOf(${sources.map(({ name }) => name).join(', ')})`,
    headers: headersOf(sources),
    read(request: RequestLike): KeyReading {
      for (const source of sources) {
        const reading = source.read(request)
        if (reading !== undefined) return reading
      }
      return undefined
    },
  }
}

/**
 * The keys of all sources as one; no key unless each has one. Each part but the last is preceded by its length, so that
 * two different tuples never give the same key: (`ab`, `c`) is `2:abc` and (`a`, `bc`) is `1:abc`.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function all(...sources: KeySource[]): KeySource {
  checkSources('all', sources)
  return {
    name: `all(${sources.map(({ name }) => name).join(', ')})`,
    headers: headersOf(sources),
    read(request: RequestLike): KeyReading {
      let joined = ''
      for (let i = 0; i < sources.length; i++) {
        const part = (sources[i] as KeySource).read(request)
        if (typeof part !== 'string') return part
        joined += i === sources.length - 1 ? part : `${part.length}:${part}`
      }
      return joined
    },
  }
}

/**
 * The key of a source after `change`, for example the part of a token before its dot. `change` answers undefined for no
 * key. What it throws, and an answer that is no text of bytes or longer than 65 536, is `bad-key`.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function map(source: KeySource, change: (key: string) => string | undefined): KeySource {
  checkSources('map', [source])
  functionOption('map.change', change)
  const name = `map(${source.name})`
  const check = new KeyCheck(name, 'map', { maxLength: 65_536 })
  const failed = problem('bad-key', `${name}: the function given to map failed`)
  return {
    name,
    headers: headersOf([source]),
    read(request: RequestLike): KeyReading {
      const reading = source.read(request)
      if (typeof reading !== 'string') return reading
      try {
        const changed = change(reading)
        if (changed === undefined) return undefined
        return typeof changed === 'string' ? check.key(changed) : failed
      } catch {
        return failed
      }
    },
  }
}

function headersOf(sources: readonly KeySource[]): readonly string[] {
  return [...new Set(sources.flatMap(({ headers = [] }) => headers))]
}

function checkSources(path: string, sources: readonly KeySource[]): void {
  if (sources.length === 0) throw invalidOption(path, 'at least one key source', undefined)
  for (const [index, source] of sources.entries())
    contractOption(`${path}[${index}]`, source, 'KeySource', ['read'])
}
