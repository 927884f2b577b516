import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manifestsIn } from './manifests.ts'

const SCRIPT = fileURLToPath(new URL('../kind.sh', import.meta.url))

/** Programs that write down how they are called, in place of those that would need a cluster. */
describe('kind.sh', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'limpet-kind-'))
    mkdirSync(join(folder, 'bin'))
    for (const name of ['docker', 'kind', 'kubectl']) stub(name, '')
    stub('curl', 'echo \'{"pod":"web-1","address":"10.0.0.1"}\'')
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function stub(name: string, answer: string): void {
    const script = `#!/bin/sh\necho "${name} $*" >> '${folder}/calls'\n${answer}\n`
    writeFileSync(join(folder, 'bin', name), script, { mode: 0o755 })
  }

  function run(...args: string[]) {
    const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}` }
    const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, ...args], { env, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')

  it.each([
    [[], 'valkey'],
    [['memory'], 'memory'],
  ])('walks to its end: %j', (args, overlay) => {
    const { status, stdout, stderr } = run(...args)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('alice: web-1')
    expect(stdout).toContain('done.')
    expect(calls()).toContainEqual(
      `kubectl --context kind-limpet-example apply -k examples/kubernetes/overlays/${overlay}`,
    )
  })

  it('touches only its own cluster, and only objects that there are', () => {
    run()
    const known = ['base/web.yaml', 'base/gateway.yaml', 'base/gateway-services.yaml']
      .flatMap(manifestsIn)
      .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
    const kubectl = calls().filter((call) => call.startsWith('kubectl'))
    for (const call of kubectl) {
      expect(call).toMatch(/^kubectl --context kind-limpet-example (?:-n limpet |apply -k)/)
      for (const [object] of call.matchAll(/\b(?:statefulset|deployment|service)\/[\w-]+/g)) {
        expect(known, call).toContain(object)
      }
    }
    expect(kubectl.length).toBeGreaterThan(10)
  })

  it('ends with an error when a key is at two pods', () => {
    stub(
      'curl',
      `n=$(cat '${folder}/n' 2>/dev/null || echo 0); echo $((n + 1)) > '${folder}/n'; echo "{\\"pod\\":\\"web-$((n % 2))\\"}"`,
    )
    const { status, stderr } = run()
    expect(status).toBe(1)
    expect(stderr).toMatch(/alice was at web-\d and is at web-\d/)
  })

  it('refuses an overlay that there is not, and deletes the cluster when told', () => {
    expect(run('redis')).toMatchObject({
      status: 2,
      stderr: 'expected memory, valkey or delete, got redis\n',
    })
    expect(run('delete').status).toBe(0)
    expect(calls()).toEqual(['kind delete cluster --name limpet-example'])
  })
})
