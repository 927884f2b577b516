import { readdirSync } from 'node:fs'

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
