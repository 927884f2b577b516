import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Part } from '../process.ts'

/** Starts a process of the soak; `flags` are node's. */
export function start(file: string, flags: readonly string[] = []): Part {
  const script = fileURLToPath(new URL(file, import.meta.url))
  const args = [...flags, '--expose-gc', '--conditions=@limpet/source', script]
  return new Part(file, spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
}
