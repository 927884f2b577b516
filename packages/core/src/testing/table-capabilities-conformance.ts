import assert from 'node:assert/strict'
import type { MaybePromise } from '../maybe-promise.ts'
import type { StickyTable } from '../table/sticky-table.ts'
import {
  type Able,
  type Capabilities,
  type CapabilityCases,
  IDLE,
  type TableCapability,
} from './table-capability-case.ts'
import { countCases, listCases, moveCases, releaseCases } from './table-capability-cases.ts'
import { snapshotCases } from './table-snapshot-cases.ts'
import type { TableUnderTest } from './table-under-test.ts'
import type { TestRegistry } from './test-registry.ts'

export type { TableCapability } from './table-capability-case.ts'

/** @public */
export interface TableCapabilitiesConformanceOptions {
  readonly registry: TestRegistry
  /** Stands in the name of the suite. */
  readonly name: string
  /**
   * Makes an empty table whose bindings end after `idleTimeoutMs` without use, if at all. Called once for each case, and
   * twice for those about snapshots.
   */
  readonly create: (timeouts: { readonly idleTimeoutMs: number }) => MaybePromise<TableUnderTest>
  /**
   * What the table must be able to do: the cases of what is named here fail without it, those of the rest are left out.
   * Default: nothing.
   */
  readonly capabilities?: readonly TableCapability[]
}

const METHODS: { readonly [C in TableCapability]: readonly (string & keyof Capabilities[C])[] } = {
  EndpointCounts: ['countByEndpoint', 'counts'],
  BindingList: ['list'],
  BulkRelease: ['releaseEndpoint', 'clear'],
  BulkMove: ['moveSlice'],
  TableSnapshots: ['snapshot', 'restore'],
}

/**
 * The contracts of what a table may be able to do besides {@link StickyTable}, as test cases: `EndpointCounts`,
 * `BindingList`, `BulkRelease`, `BulkMove`, `TableSnapshots`. A table passes those that it has, and
 * `stickyTableConformance` besides.
 *
 * @public
 */
export function tableCapabilitiesConformance(options: TableCapabilitiesConformanceOptions): void {
  register(options, 'EndpointCounts', countCases)
  register(options, 'BindingList', listCases)
  register(options, 'BulkRelease', releaseCases)
  register(options, 'BulkMove', moveCases)
  register(options, 'TableSnapshots', snapshotCases)
}

function register<C extends TableCapability>(
  { registry, name, create, capabilities = [] }: TableCapabilitiesConformanceOptions,
  capability: C,
  cases: CapabilityCases<C>,
): void {
  const isDemanded = capabilities.includes(capability)
  registry.describe(`${name}: ${capability}`, () => {
    cases((title, run) =>
      registry.it(title, async () => {
        const made: TableUnderTest[] = []
        const make = async () => {
          const under = await create({ idleTimeoutMs: IDLE })
          made.push(under)
          return under.table as Able<C>
        }
        try {
          const table = await make()
          if (!isAble(table, capability)) {
            assert.ok(!isDemanded, `${capability} needs ${METHODS[capability].join('() and ')}()`)
            return
          }
          const advance = made[0]?.advance
          await run(table, advance && (async (ms) => await advance(ms)), make)
        } finally {
          for (const { close } of made) await close?.()
        }
      }),
    )
  })
}

function isAble(table: StickyTable, capability: TableCapability): boolean {
  return METHODS[capability].every((method) => typeof Reflect.get(table, method) === 'function')
}
