// The gateway: finds the pods of a StatefulSet by their names in DNS, and needs no right in the cluster.
import { serve } from '@limpet/adapters-node'
import { createSticky, header } from '@limpet/core'
import { dnsDiscovery, dnsResolver } from '@limpet/core/dns'
import { type Settings, settingsOf } from './settings.ts'

const settings = readSettings()
const { statefulSet, service, namespace, replicas, clusterDomain: domain, dnsServers } = settings

const pool = createSticky({
  key: header(settings.header),
  endpoints: dnsDiscovery({
    names: { statefulSet, service, namespace, replicas, domain },
    port: settings.podPort,
    // A pod that restarts has no record. Until this has passed it stays in the pool at the address that it had.
    emptyAfterMs: settings.returnWithinMs,
    onError: ({ message }) => console.error(message),
    ...(dnsServers && { resolver: dnsResolver({ servers: dnsServers }) }),
  }),
  // Meanwhile nobody answers there: its requests go elsewhere, and its keys stay its own. A pod that is gone for good is
  // `gone` after that time, and its keys are bound to others.
  onLost: { unreachable: 'detour', gone: 'rebind' },
})

const listenOn = settings.host === undefined ? {} : { host: settings.host }
const gateway = await serve(pool, {
  ...listenOn,
  port: settings.port,
  admin: { ...listenOn, port: settings.adminPort },
  closeRouting: true,
})
console.log(`listens on ${gateway.url}, probes on ${gateway.admin?.url}`)

// Where another process has started it, on a machine without a cluster.
process.send?.({ url: gateway.url, admin: gateway.admin?.url })
process.once('disconnect', () => void gateway.close({ graceMs: 0 }))

function readSettings(): Settings {
  try {
    return settingsOf(process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}
