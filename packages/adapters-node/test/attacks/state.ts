import { readdirSync } from 'node:fs'

/** What a gateway holds at one moment. */
export interface GatewayState {
  readonly rss: number
  readonly heapUsed: number
  /** Memory outside V8's heap: buffers, rows of the table. */
  readonly external: number
  /** Open descriptors; undefined where the system has no /proc. */
  readonly descriptors: number | undefined
  /** What keeps the event loop going, by kind. */
  readonly handles: Readonly<Record<string, number>>
  /** Leases that have not ended. */
  readonly inFlight: number
  readonly waiting: number
  readonly moves: number
  /** Warnings, rejections and exceptions that nobody handled, since the process started. */
  readonly complaints: readonly string[]
}

/** Open descriptors of this process, the one that counts them among them. */
export function openDescriptors(): number | undefined {
  if (process.platform !== 'linux') return undefined
  return readdirSync('/proc/self/fd').length
}

/** Active handles of this process, counted by kind. What runs in the next turn of the event loop is none: it ends by itself. */
export function activeHandles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Immediate') counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** Everything that node would only print, or end the process for. */
export function collectComplaints(): string[] {
  const complaints: string[] = []
  process.on('warning', ({ name, message }) => complaints.push(`warning: ${name}: ${message}`))
  process.on('unhandledRejection', (reason) => complaints.push(`rejection: ${textOf(reason)}`))
  process.on('uncaughtException', (error) => complaints.push(`exception: ${textOf(error)}`))
  return complaints
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** The limit of open files of this process and those that it starts. */
export function openFilesLimit(): number {
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly hard: number | 'unlimited' } }
  }
  const hard = report.userLimits?.open_files?.hard ?? 0
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : hard
}
