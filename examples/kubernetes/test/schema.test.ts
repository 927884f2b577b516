import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cannotBuild, type Manifest, manifestsIn, manifestsOf, OVERLAYS } from './manifests.ts'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** Inside this package, so that the checks resolve the models as its own code does. */
const PARENT = `${FOLDER}.tmp`

/** Every file with manifests, of this example and of the one beside it. */
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter(
    (file) => /^(?:base|components|overlays)\b.*\.yaml$/.test(file) && !file.endsWith('kustomization.yaml'),
  )
  .concat('../statefulset-dns/kubernetes.yaml')
  .sort()

/** A patch is only a part of an object: what it makes is checked with the overlay. */
const isWhole = (file: string) => !/gateway-table|web-hook|one-replica/.test(file)

const SETS: readonly [name: string, manifests: () => readonly Manifest[]][] = [
  ...FILES.filter(isWhole).map((file) => [file, () => manifestsIn(file)] as const),
  ...(cannotBuild
    ? []
    : OVERLAYS.map((overlay) => [`overlay ${overlay}`, () => manifestsOf(overlay)] as const)),
].map(([name, manifests]) => [name, manifests])

let folder: string

beforeAll(() => {
  mkdirSync(PARENT, { recursive: true })
  folder = mkdtempSync(`${PARENT}/manifests-`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the JSON schema of Kubernetes 1.36.0 finds in an object. */
async function faultsOf({ apiVersion, kind, ...rest }: Manifest): Promise<readonly unknown[]> {
  const model = (await import(/* @vite-ignore */ modelOf(apiVersion, kind)))[kind]
  try {
    new model({ apiVersion, kind, ...rest }).validate()
    return []
  } catch (error) {
    return [error]
  }
}

function modelOf(apiVersion: string, kind: string): string {
  return `kubernetes-models/${apiVersion}/${kind}`
}

/**
 * What the compiler finds in objects that are written as literals of the models' types: the schemas of Kubernetes let unknown fields
 * pass, a literal does not.
 */
function unknownFieldsOf(manifests: readonly Manifest[]): string {
  const lines = manifests.map(
    ({ apiVersion, kind }, index) =>
      `import type { I${kind} as Kind${index} } from '${modelOf(apiVersion, kind)}'\n` +
      `export const object${index}: Kind${index} = ${JSON.stringify(manifests[index], undefined, 2)}\n`,
  )
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: `${ROOT}tsconfig.base.json`, include: ['manifests.ts'] }),
  )
  return spawnSync(`${ROOT}node_modules/.bin/tsc`, ['-p', folder], { encoding: 'utf8' }).stdout
}

describe('the manifests', () => {
  it.each(SETS)('fulfil the schemas of Kubernetes: %s', async (_name, manifests) => {
    const all = manifests()
    expect(all.length).toBeGreaterThan(0)
    for (const manifest of all) {
      expect(await faultsOf(manifest), `${manifest.kind} ${manifest.metadata.name}`).toEqual([])
    }
  })

  it('have no field that Kubernetes does not know', { timeout: 60_000 }, () => {
    expect(unknownFieldsOf(SETS.flatMap(([, manifests]) => manifests()))).toBe('')
  })
})

describe('the check of the manifests', () => {
  const deployment = () =>
    structuredClone(manifestsIn('base/gateway.yaml')[0]) as Manifest & {
      // biome-ignore lint/suspicious/noExplicitAny: it is broken in ways that no type allows
      spec: any
    }

  it.each<[string, (spec: ReturnType<typeof deployment>['spec']) => void]>([
    ['a number as text', (spec) => (spec.replicas = 'two')],
    ['a missing field', (spec) => delete spec.selector],
    ['a list in place of an object', (spec) => (spec.template.spec.securityContext = [])],
  ])('finds %s', async (_what, spoil) => {
    const broken = deployment()
    spoil(broken.spec)
    expect(await faultsOf(broken)).toHaveLength(1)
  })

  it('finds a field that is misspelt, deep within', { timeout: 60_000 }, () => {
    const broken = deployment()
    broken.spec.template.spec.containers[0].readinessProbe.periodSecond = 2
    const found = unknownFieldsOf([broken])
    expect(found).toContain('\'"periodSecond"\' does not exist')
  })
})

describe.runIf(cannotBuild && process.env.CI)('the overlays', () => {
  it('are built in CI', () => expect(cannotBuild).toBeUndefined())
})
