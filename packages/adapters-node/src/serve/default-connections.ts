import { readFileSync } from 'node:fs'

/** Descriptors that the process needs besides connections: files, DNS, the admin port, idle connections to pods. */
const RESERVE = 256

/** What idle connections cost in memory bounds them where descriptors do not. */
const MOST = 16_384

/**
 * Connections of clients at once that leave descriptors for as many connections to pods: where a flood takes the last
 * one, connecting to a pod fails, that looks like a dead pod, and keys move.
 */
export function defaultMaxConnections(limits: () => string = procLimits): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY)
  return Math.max(RESERVE, Math.min(MOST, Math.floor((soft - RESERVE) / 2)))
}

function procLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // Not Linux: there node raises the limit itself to what the system allows.
    return ''
  }
}
