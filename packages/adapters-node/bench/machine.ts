import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { isPinned } from './process.ts'

const require = createRequire(import.meta.url)

/** The machine and the versions a run was made with, in two lines. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const pinning = isPinned
    ? 'proxy on core 0, load and backends on core 1'
    : 'NOT pinned to cores (no taskset, or one core): processes disturb each other'
  const versions = ['http-proxy', '@fastify/http-proxy', 'fastify', 'http2-proxy', 'undici'].map(
    (name) => `${name} ${require(`${name}/package.json`).version}`,
  )
  return [
    `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${memory} GiB, ${type()} ${release()}, load average ${loadavg()[0]?.toFixed(1)}; ${pinning}`,
    `Node.js ${process.version}, ${versions.join(', ')}`,
  ].join('\n')
}
