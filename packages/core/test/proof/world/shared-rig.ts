import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stablePort } from '../../support/redis/stable-port.ts'
import type { FaultKind, Rules } from '../history/event.ts'
import { forkModule } from './gateway-process.ts'
import { lanesTo } from './lanes.ts'
import { FORGETS_ALL, type Rig } from './rig.ts'

const SERVER = fileURLToPath(new URL('../tables/table-server.ts', import.meta.url))

/** A table with a planted bug. */
export type PlantedTable = 'planted-claim' | 'planted-move' | 'planted-cache'

/** The table of a server written for these tests, in a process of its own; a kill makes it forget. */
export async function sharedRig(
  gateways: number,
  seed: number,
  rules: Pick<Rules, 'idleTimeoutMs' | 'absoluteTimeoutMs'>,
  table: PlantedTable | 'shared-table' = 'shared-table',
): Promise<Rig> {
  const port = await stablePort()
  const args = [port, rules.idleTimeoutMs, rules.absoluteTimeoutMs].map(String)
  let server = await start(args)
  const lanes = await lanesTo(port, gateways, seed)
  const kill = async () => {
    const exit = once(server, 'exit')
    server.kill('SIGKILL')
    await exit
  }
  return {
    table: fileURLToPath(new URL(`../tables/${table}.ts`, import.meta.url)),
    ports: lanes.ports,
    faults: ['kill', 'pause', 'cut', 'stall', 'clock'],
    forgetsMs: (kind) => (kind === 'kill' ? FORGETS_ALL : 0),
    async begin(kind, gateway = 0) {
      if (kind === 'kill') await kill()
      else if (kind === 'pause') server.kill('SIGSTOP')
      else if (kind === 'cut' || kind === 'stall') await lanes.begin(kind, gateway)
    },
    async end(kind: FaultKind, gateway = 0) {
      if (kind === 'kill') server = await start(args)
      else if (kind === 'pause') server.kill('SIGCONT')
      else if (kind === 'cut' || kind === 'stall') await lanes.end(gateway)
    },
    async [Symbol.asyncDispose]() {
      await lanes[Symbol.asyncDispose]()
      if (server.exitCode === null && server.signalCode === null) await kill()
    },
  }
}

async function start(args: readonly string[]): Promise<ChildProcess> {
  const server = forkModule(SERVER, args)
  await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => {
      throw new Error('the table server did not start')
    }),
  ])
  return server
}
