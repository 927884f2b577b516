import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import dockerignore from '@balena/dockerignore'
import type { Copy } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { commandOf, type Stage, stages, TEXT, written } from './dockerfile.ts'
import { containerOf, manifestsIn, one, podOf, type Workload } from './manifests.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const [build, image] = stages as [Stage, Stage]

describe('the Dockerfile', () => {
  it('has nothing that a linter finds', () => {
    expect(validate(TEXT).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`)).toEqual([])
  })

  it('makes the image of its last stage, from what the first one has built', () => {
    expect(stages).toHaveLength(2)
    expect(written(image, 'RUN')).toEqual([])
    expect(written(image, 'COPY')).toEqual(['/app .'])
    const [copy] = image.instructions.filter((instruction) => instruction.getKeyword() === 'COPY') as [Copy]
    expect(copy.getFlags().map(String)).toEqual([`--from=${build.from.getBuildStage()}`])
  })

  it('pins its base, to the Node that the project is run with', () => {
    const node = /node@([\d.]+)/.exec(readFileSync(`${ROOT}scripts/dev.mjs`, 'utf8'))?.[1]
    for (const { from } of stages) {
      expect(from.getImageName()).toBe('node')
      expect(from.getImageTag()).toBe(`${node}-bookworm-slim`)
    }
  })

  it('runs as a user that is not root, the one that the manifests name', () => {
    const [user] = written(image, 'USER')
    const pod = podOf(one<Workload>(manifestsIn('base/gateway.yaml'), 'Deployment', 'gateway')).spec
    expect(user).toBe(`${pod.securityContext?.runAsUser}:${pod.securityContext?.runAsGroup}`)
  })

  it('starts what the manifests start, with no shell in front of it', () => {
    const gateway = containerOf(one<Workload>(manifestsIn('base/gateway.yaml'), 'Deployment', 'gateway'))
    expect(commandOf(written(image, 'CMD')[0] as string)).toEqual(gateway.command)
    const ports = gateway.ports?.map(({ containerPort }) => containerPort).join(' ')
    expect(written(image, 'EXPOSE')).toEqual([ports])
  })

  it('has a HEALTHCHECK in JSON form', () => {
    expect(commandOf(written(image, 'HEALTHCHECK')[0] as string)[0]).toBe('node')
  })
})

describe('the context of the build', () => {
  const rules = readFileSync(new URL('../Dockerfile.dockerignore', import.meta.url), 'utf8')
  const ignored = dockerignore.default().add(rules)
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const context = tracked.split('\n').filter((file) => file !== '' && !ignored.ignores(file))

  it('has what is built, and neither tests nor documents', () => {
    expect(context).toEqual(
      expect.arrayContaining(['pnpm-lock.yaml', 'packages/core/src/index.ts', 'examples/kubernetes/pod.ts']),
    )
    expect(context.filter((file) => /(?:^|\/)(?:test|bench|\.git)\//.test(file))).toEqual([])
    expect(context.filter((file) => file.startsWith('docs/'))).toEqual(['docs/package.json'])
  })

  it('has nothing that is not of the repository', () => {
    for (const path of [
      'node_modules/x/index.js',
      'packages/core/dist/index.js',
      '.env',
      'examples/kubernetes/.env',
    ]) {
      expect(ignored.ignores(path), path).toBe(true)
    }
  })
})
