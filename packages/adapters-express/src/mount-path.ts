/** Whether a request target lies under a mount path, by whole segments: `/chat/1` and `/chat?x` do, `/chats` does not. */
export function isUnder(target: string, mountPath: string): boolean {
  if (!target.startsWith(mountPath)) return false
  const next = target[mountPath.length]
  return next === undefined || next === '/' || next === '?'
}

/** The target without its mount path, as Express strips it: `/chat?x` becomes `/?x`. */
export function withoutMountPath(target: string, mountPath: string): string {
  if (!isUnder(target, mountPath)) return target
  const rest = target.slice(mountPath.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
