import { type TcpFaultProxy, tcpFaultProxy } from '../../support/redis/fault-proxy.ts'

/** A way to one port for each gateway, that can be cut or stalled alone. */
export interface Lanes extends AsyncDisposable {
  readonly ports: readonly number[]
  begin(kind: 'cut' | 'stall', gateway: number): Promise<void>
  end(gateway: number): Promise<void>
}

export async function lanesTo(port: number, gateways: number, seed: number): Promise<Lanes> {
  const proxies: TcpFaultProxy[] = []
  for (let gateway = 0; gateway < gateways; gateway++)
    proxies.push(await tcpFaultProxy(port, { seed: seed + gateway }))
  const lane = (gateway: number) => proxies[gateway] as TcpFaultProxy
  return {
    ports: proxies.map((proxy) => proxy.port),
    begin: (kind, gateway) => lane(gateway).set({ kind: kind === 'cut' ? 'blackhole' : 'stall' }),
    end: (gateway) => lane(gateway).set({ kind: 'pass' }),
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map((proxy) => proxy.close()))
    },
  }
}
