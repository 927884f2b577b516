// The gateway: finds the pods of a Service in its EndpointSlices, and sends each key to one of them.
import { serve } from '@limpet/adapters-node'
import { createSticky, header } from '@limpet/core'
import { inClusterApi, kubernetes } from '@limpet/core/kubernetes'
import { type Settings, settingsOf } from './settings.ts'
import { sharedTable } from './table.ts'

const settings = readSettings()
const { service, namespace, servicePort, serviceAccount, valkeyUrl, drainMs } = settings

const shared = valkeyUrl === undefined ? undefined : await sharedTable(valkeyUrl)
const pool = createSticky({
  key: header(settings.header),
  endpoints: kubernetes({
    service,
    namespace,
    ...(servicePort !== undefined && { port: servicePort }),
    ...(serviceAccount !== undefined && { api: inClusterApi({ directory: serviceAccount }) }),
  }),
  ...(shared && { table: shared.table }),
  onLost: settings.onLost,
  drainDeadlineMs: drainMs,
})

const listenOn = settings.host === undefined ? {} : { host: settings.host }
const gateway = await serve(pool, {
  ...listenOn,
  port: settings.port,
  admin: { ...listenOn, port: settings.adminPort, drain: { deadlineMs: drainMs } },
  readinessDelayMs: settings.readinessDelayMs,
  graceMs: settings.graceMs,
  closeRouting: true,
})
console.log(`listens on ${gateway.url}, probes and drains on ${gateway.admin?.url}`)
await gateway.closed
await shared?.close()

function readSettings(): Settings {
  try {
    return settingsOf(process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}
