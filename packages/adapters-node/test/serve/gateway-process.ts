// A gateway as a process of its own: pod's port, delay, grace and, for TLS, certificate and key by environment.
import { createSticky, header } from '@limpet/core'
import { serve } from '../../src/index.ts'

const { POD, DELAY, GRACE, CERT: cert, KEY: key } = process.env
const pool = createSticky({ key: header('x'), endpoints: [`http://127.0.0.1:${POD}`] })
const gateway = await serve(pool, {
  port: 0,
  host: '127.0.0.1',
  admin: { port: 0, host: '127.0.0.1', drain: true },
  readinessDelayMs: Number(DELAY),
  graceMs: Number(GRACE),
  closeRouting: true,
  ...(cert && key && { tls: { cert, key } }),
})
console.log(JSON.stringify({ port: gateway.port, admin: gateway.admin?.url }))
await gateway.closed
console.log('closed')
