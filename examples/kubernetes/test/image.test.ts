import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import dockerignore from '@balena/dockerignore'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster } from './cluster.ts'
import { type Stage, stages, written } from './dockerfile.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const [build] = stages as [Stage]

/** The files that `docker build` would send: those of the repository that the ignore file leaves. */
function context(): string[] {
  const rules = readFileSync(new URL('../Dockerfile.dockerignore', import.meta.url), 'utf8')
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const ignored = dockerignore.default().add(rules)
  return tracked.split('\n').filter((file) => file !== '' && !ignored.ignores(file))
}

// It installs and builds as the image does, which takes a minute: in CI, or when asked for.
describe.runIf(process.env.CI || process.env.TEST_IMAGE)('the steps of the Dockerfile', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'limpet-image-'))
    for (const file of context()) {
      mkdirSync(dirname(join(folder, 'src', file)), { recursive: true })
      cpSync(join(ROOT, file), join(folder, 'src', file))
    }
    // Where a global package goes, and what runs it: in the image, and not on this machine.
    const global = {
      npm_config_prefix: join(folder, 'global'),
      PATH: `${folder}/global/bin:${process.env.PATH}`,
    }
    const { NODE_OPTIONS: _, ...env } = process.env
    for (const step of written(build, 'RUN')) {
      execFileSync('sh', ['-c', step.replaceAll('/app', `${folder}/app`)], {
        cwd: join(folder, 'src'),
        env: { ...env, CI: 'true', EXAMPLE: 'kubernetes', ...global },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    }
  }, 600_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('make a gateway that runs, without the sources', { timeout: 60_000 }, async () => {
    await using cluster = await Cluster.start()
    await cluster.startPod('web-0')
    const { url } = await cluster.startGateway({}, join(folder, 'app'))
    const response = await fetch(url, { headers: { 'x-session-id': 'alice' } })
    expect(await response.json()).toMatchObject({ pod: 'web-0' })
  })

  it('leave out tests and what only they need', () => {
    const files = execFileSync('find', ['.', '-not', '-type', 'd'], {
      cwd: join(folder, 'app'),
      encoding: 'utf8',
    })
    expect(files).toContain('./pre-stop.ts')
    expect(files).not.toMatch(/\.test\.ts|kubernetes-models|lambda-layer|vitest/)
  })
})
