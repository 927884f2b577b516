import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1'
import type { IContainer, IPodSpec, IPodTemplateSpec } from 'kubernetes-models/v1'
import { parseAllDocuments } from 'yaml'
import { kubectl, kustomize } from './kubectl.ts'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** An object of a manifest, before anything is known of it but what every object has. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

/** The ways in which the example is deployed. */
export type Overlay = 'memory' | 'valkey'
export const OVERLAYS: readonly Overlay[] = ['memory', 'valkey']

const program = kubectl()
/** Why overlays cannot be built on this machine; undefined = they can. */
export const cannotBuild: string | undefined = program
  ? undefined
  : 'there is a kubectl for Linux on x64 only'

const built = new Map<Overlay, readonly Manifest[]>()

/** The objects of an overlay, as `kubectl apply -k` sends them. */
export function manifestsOf(overlay: Overlay): readonly Manifest[] {
  const known = built.get(overlay)
  if (known) return known
  if (!program) throw new Error(cannotBuild)
  const made = parse(kustomize(program, `${FOLDER}overlays/${overlay}`))
  built.set(overlay, made)
  return made
}

/** The objects of a file, path from this package's folder. Throws at duplicate keys and other faults of YAML. */
export function manifestsIn(file: string): readonly Manifest[] {
  return parse(readFileSync(`${FOLDER}${file}`, 'utf8'))
}

function parse(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem) throw problem
    return document.toJS() as Manifest
  })
}

export function ofKind<T>(manifests: readonly Manifest[], kind: string): readonly (Manifest & T)[] {
  return manifests.filter((manifest) => manifest.kind === kind) as (Manifest & T)[]
}

/** The object of that kind and name. @throws Error where there is none */
export function one<T>(manifests: readonly Manifest[], kind: string, name: string): Manifest & T {
  const found = ofKind<T>(manifests, kind).find(({ metadata }) => metadata.name === name)
  if (!found) throw new Error(`there is no ${kind} ${name}`)
  return found
}

/** What makes pods. */
export type Workload = Manifest & (IDeployment | IStatefulSet)

export function workloads(manifests: readonly Manifest[]): readonly Workload[] {
  return [...ofKind<IDeployment>(manifests, 'Deployment'), ...ofKind<IStatefulSet>(manifests, 'StatefulSet')]
}

export function podOf(workload: Workload): IPodTemplateSpec & { readonly spec: IPodSpec } {
  return workload.spec?.template as IPodTemplateSpec & { readonly spec: IPodSpec }
}

/** The one container of a workload's pods. */
export function containerOf(workload: Workload): IContainer {
  return podOf(workload).spec.containers[0] as IContainer
}

/** The environment that a manifest gives a container, and what stands for the fields of its pod. */
export function environmentOf(container: IContainer, fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? (fields[valueFrom?.fieldRef?.fieldPath ?? ''] as string),
    ]),
  )
}
