import { StickyError } from '../../error.ts'

/** What is to be done about an error that the server answers with, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  NOAUTH: 'the client has not authenticated: give it a user and a password',
  WRONGPASS: 'the password or the user of the client is wrong',
  NOPERM:
    'the ACL user of the client lacks a right: it needs get, set, del, pttl, eval, evalsha, time and publish on the keys and the channel of the pool, and with an index the rights that the guide names',
  READONLY:
    'the client writes to a replica: connect it to the master, by Sentinel or Cluster where there is one',
  OOM: 'the server has reached its maxmemory and evicts nothing: give it more, or fewer bindings shorter lives',
  MISCONF: 'the server refuses writes because it cannot save its data to disk',
  LOADING: 'the server is loading its data',
  CLUSTERDOWN: 'the Cluster does not serve the slot of the key',
  MASTERDOWN: 'the replica has lost its master',
  BUSY: 'a script keeps the server busy',
  TRYAGAIN: 'the slot of the key is being moved',
  WRONGTYPE: 'the key is used by something else: give the table a prefix of its own',
  NOSCRIPT: 'the server forgets scripts between two calls',
}

/** Codes after which the next call would fail, too: the server is as good as away. */
const AWAY = new Set(['NOAUTH', 'WRONGPASS', 'LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'BUSY'])

/** How valkey-glide calls errors that the server answers with, where it does not leave the code as it is. */
const GLIDE_KINDS: Readonly<Record<string, string>> = {
  NoScriptError: 'NOSCRIPT',
  BusyLoadingError: 'LOADING',
  ReadOnly: 'READONLY',
  MasterDown: 'MASTERDOWN',
  ClusterDown: 'CLUSTERDOWN',
  TryAgain: 'TRYAGAIN',
}

/** The code of an error that the server answered with, such as `OOM`; undefined for one that arose on the way. */
export function replyCode(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : ''
  // A client of a Cluster that was sent from server to server too often says so, and what it was told last.
  const code = /^(?:Too many Cluster redirections\. Last error: )?(?:ReplyError: )?([A-Z]{2,})\b/.exec(
    message,
  )?.[1]
  if (code !== undefined) return code
  const kind = /signalled by the server: (?:- )?(\w+)/.exec(message)?.[1]
  return kind === undefined ? undefined : (GLIDE_KINDS[kind] ?? kind)
}

/** True if the error says that the server does not answer, and not that it refuses this call. */
export function isAway(error: unknown): boolean {
  if (error instanceof StickyError) return error.code === 'table-timeout'
  const code = replyCode(error)
  return code === undefined || AWAY.has(code)
}

/** True of a failed call that the server has refused, and not the next one. */
export function isRefusal(error: unknown): boolean {
  const code = replyCode(error instanceof StickyError ? error.cause : error)
  return code !== undefined && !AWAY.has(code)
}

/** What an error may have beside its message; all of it tells of the connection. */
const SHOWN = new Set(['code', 'errno', 'syscall', 'address', 'port', 'name'])

/**
 * An error as it may be shown and logged. ioredis and iovalkey attach to theirs the command that failed with all of its arguments: keys of
 * requests, and passwords.
 */
export function shownError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StickyError) return error
  if (Object.keys(error).every((name) => SHOWN.has(name))) return error
  const { name, message, stack, code } = error as Error & { readonly code?: unknown }
  const shown = Object.assign(new Error(message), code !== undefined && { code })
  const own = { name, stack }
  for (const [field, value] of Object.entries(own)) {
    Object.defineProperty(shown, field, { value, configurable: true, writable: true })
  }
  return shown
}

/** The error of a failed call as the table throws it: what the server said, and what to do about it. */
export function failureOf(error: unknown): StickyError {
  if (error instanceof StickyError) return error
  const code = replyCode(error)
  const said = error instanceof Error ? error.message : String(error)
  const hint = code === undefined ? 'the server could not be asked' : HINTS[code]
  return new StickyError('table-failed', `the sticky table: ${hint ? `${hint} (${said})` : said}`, {
    cause: shownError(error),
  })
}
