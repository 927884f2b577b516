import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import { type EndpointSet, isSameSet } from '../endpoint/endpoint-set.ts'
import { StickyError } from '../error.ts'
import { lookAtFile, parseEndpoints } from './endpoints-file.ts'

/** What a {@link FileWatch} needs; everything is checked. */
export interface FileWatchOptions {
  readonly path: string
  readonly pollMs: number
  readonly debounceMs: number
  readonly maxBytes: number
  readonly onError: (error: StickyError) => void
  readonly clock: Clock
}

/**
 * One watch of a file of endpoints: looks, sleeps until something may have changed, and looks again.
 *
 * It is the directory that is watched. A file replaced by renaming is another file, which a watch on the old one never
 * sees; and Kubernetes changes a mounted ConfigMap by renaming a link beside it, `..data`, so every name counts. Where the
 * system tells nothing (NFS, some overlays, no watches left) the poll finds it.
 */
export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #listener: (set: EndpointSet) => void
  readonly #signal: AbortSignal
  #current: EndpointSet | undefined
  /** Mark of the file that was last read to its end. */
  #mark: string | undefined
  /** The last error that was told, so that a poll does not repeat it. */
  #told: string | undefined
  #watcher: FSWatcher | undefined
  /** Something happened to the directory itself: another may stand in its place, of which the watch would tell nothing. */
  #mayHaveLeft = false
  /** `look` = something beside the file changed; `read` = the file itself, even if its mark should be the same. */
  #due: 'nothing' | 'look' | 'read' = 'nothing'
  #wake: () => void = nothing
  #cancelDebounce: (() => void) | undefined

  constructor(options: FileWatchOptions, listener: (set: EndpointSet) => void, signal: AbortSignal) {
    this.#options = options
    this.#listener = listener
    this.#signal = signal
  }

  /** Resolves when the signal has aborted and all is released. Rejects if `listener` or `onError` throws. */
  async run(): Promise<void> {
    const wake = () => this.#wake()
    this.#signal.addEventListener('abort', wake, { once: true })
    try {
      this.#watchDirectory()
      while (!this.#signal.aborted) {
        await this.#look()
        await this.#sleep()
      }
    } finally {
      this.#signal.removeEventListener('abort', wake)
      this.#cancelDebounce?.()
      this.#watcher?.close()
    }
  }

  async #look(): Promise<void> {
    const { path, maxBytes } = this.#options
    const due = this.#due
    this.#due = 'nothing'
    // Before the file is read, so that what changes after that is told.
    if (this.#mayHaveLeft) this.#watchDirectory()
    try {
      const look = await lookAtFile(path, due === 'read' ? undefined : this.#mark, maxBytes)
      if (this.#signal.aborted || look.kind === 'same') return
      // A change that the watch did not tell of: the directory may have been replaced under it.
      if (due === 'nothing' && this.#mark !== undefined) this.#watchDirectory()
      this.#mark = look.kind === 'moving' ? undefined : look.mark
      if (look.kind === 'unusable') this.#tell(look.error)
      else if (look.kind === 'read') this.#accept(parseEndpoints(path, look.text, this.#current))
    } catch (error) {
      if (!(error instanceof StickyError) || error.code !== 'endpoints-file') throw error
      if (this.#signal.aborted) return
      if (isMissing(error)) {
        this.#mark = undefined
        // Perhaps the directory went with it, and its watch would never see the one that comes in its place.
        this.#watchDirectory()
      }
      this.#tell(error)
    }
  }

  #accept(set: EndpointSet): void {
    this.#told = undefined
    if (this.#current && isSameSet(set, this.#current)) return
    this.#current = set
    this.#listener(set)
  }

  #tell(error: StickyError): void {
    if (error.message === this.#told) return
    this.#told = error.message
    this.#options.onError(error)
  }

  /** Until something is due, the poll's time has come, or the watch has ended. */
  async #sleep(): Promise<void> {
    if (this.#due !== 'nothing' || this.#signal.aborted) return
    const { clock, pollMs } = this.#options
    const { promise: woken, resolve: wake } = Promise.withResolvers<void>()
    const cancelPoll = pollMs === Number.POSITIVE_INFINITY ? nothing : clock.after(pollMs, wake)
    this.#wake = wake
    await woken
    this.#wake = nothing
    cancelPoll()
    if (!this.#watcher) this.#watchDirectory()
  }

  #watchDirectory(): void {
    const { path, clock, debounceMs } = this.#options
    this.#watcher?.close()
    this.#watcher = undefined
    this.#mayHaveLeft = false
    let due: 'look' | 'read' = 'look'
    const settle = () => {
      this.#cancelDebounce = undefined
      // Of two that are due, reading is the more thorough.
      if (this.#due !== 'read') this.#due = due
      due = 'look'
      this.#wake()
    }
    try {
      const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) due = 'read'
        // What befalls the directory itself is told by its own name.
        if (name === basename(dirname(path))) this.#mayHaveLeft = true
        if (debounceMs === 0) settle()
        // Counted from the first event: a file that is written all the time is read all the same.
        else this.#cancelDebounce ??= clock.after(debounceMs, settle)
      })
      watcher.on('error', () => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      })
      this.#watcher = watcher
    } catch {
      // No such directory yet, or no watches left: each poll tries again.
    }
  }
}

function isMissing({ cause }: StickyError): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

function nothing(): void {}
