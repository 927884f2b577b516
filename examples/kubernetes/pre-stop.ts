// The preStop hook of a pod: waits until the gateway has drained it, or until WAIT_SECONDS have passed. It never fails,
// since a pod must be able to end without a gateway.
import { lookup } from 'node:dns/promises'
import { request } from 'node:http'

const {
  POD_NAME = '',
  GATEWAY_ADMIN = 'gateway-admin:9090',
  ASK = 'every',
  WAIT_SECONDS = '85',
} = process.env
const signal = AbortSignal.timeout(Number(WAIT_SECONDS) * 1_000)
const [host = '', port] = GATEWAY_ADMIN.split(':')

const addresses = await lookup(host, { all: true }).catch(() => [])
if (ASK === 'any') {
  // One table for all replicas: whichever answers counts the keys of all.
  for (const { address } of addresses) if (await isDrainedAt(address)) break
} else {
  await Promise.all(addresses.map(({ address }) => isDrainedAt(address)))
}
// A wait that is cut off leaves nothing that anybody needs.
process.exit(0)

/** Asks one replica until it has an answer that is final. Answers false if the replica cannot tell. */
async function isDrainedAt(address: string): Promise<boolean> {
  try {
    for (;;) {
      const status = await statusOf(address)
      // 202: not over yet, ask again. 404 is that of a replica that has only begun, or of one that does not know the pod.
      if (status !== 202) return status === 200
    }
  } catch {
    return signal.aborted
  }
}

function statusOf(address: string): Promise<number> {
  const path = `/-/drain?identity=${encodeURIComponent(POD_NAME)}`
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port, path, signal }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 500))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}
