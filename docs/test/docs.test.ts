import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { STATUS_OF_CODE } from '@limpet/adapters-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pages, ROOT, snippets, textOf } from './snippets.ts'

/** Inside the docs package, so that the snippets resolve the packages as its own code does. */
const parent = `${ROOT}docs/.tmp`
let folder: string

describe('the snippets of README, CONTRIBUTING and the guides', () => {
  const all = snippets()

  beforeAll(() => {
    mkdirSync(parent, { recursive: true })
    folder = mkdtempSync(`${parent}/snippets-`)
    for (const [index, { code }] of all.entries()) writeFileSync(join(folder, `snippet-${index}.ts`), code)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: `${ROOT}tsconfig.base.json`,
        compilerOptions: { isolatedDeclarations: false, declaration: false },
        include: ['*.ts'],
      }),
    )
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('are found', () => {
    expect(all.length).toBeGreaterThan(12)
  })

  it('compile', { timeout: 60_000 }, () => {
    const { status, stdout } = spawnSync(`${ROOT}node_modules/.bin/tsc`, ['-p', folder], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it.each(all.map((snippet, index) => [snippet.where, index, snippet.isRun] as const))(
    'run: %s',
    { timeout: 30_000 },
    async (_where, index, isRun) => {
      if (!isRun) return
      // Listens on a free port in place of 8080, and ends once it listens: `ready` tells that it came so far. What asks for a free port itself
      // is a fake, and only the beginning.
      const prelude = `
        import net from 'node:net'
        const { listen } = net.Server.prototype
        net.Server.prototype.listen = function (port) {
          if (port === 0) return listen.apply(this, arguments)
          this.once('listening', () => process.exit(0))
          return listen.call(this, 0, '127.0.0.1')
        }`
      const child = spawn(
        process.execPath,
        [
          '--conditions=@limpet/source',
          `--import=data:text/javascript,${encodeURIComponent(prelude)}`,
          `snippet-${index}.ts`,
        ],
        { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let errors = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors += text
      })
      const [code] = await once(child, 'exit')
      expect(code, errors).toBe(0)
    },
  )
})

describe('the docs', () => {
  it.each(pages())('have only links that lead somewhere: %s', (page) => {
    for (const [, target] of textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)) {
      const path = join(ROOT, dirname(page), target as string)
      expect(existsSync(path) || existsSync(`${path}.md`), `${page} links to ${target}`).toBe(true)
    }
  })

  it('list every error code with the status that the adapters answer', () => {
    const table = [...textOf('docs/guide/errors.md').matchAll(/^\| `([\w-]+)` +\| (\d+) +\|/gm)]
    const documented = Object.fromEntries(table.map(([, code, status]) => [code, Number(status)]))
    expect(documented).toEqual(STATUS_OF_CODE)
  })

  it('list every channel with every field of its messages', () => {
    const body = textOf('packages/core/src/channels.ts').split('export interface ChannelMessages')[1] ?? ''
    const messages = [...body.matchAll(/'(limpet:[\w:]+)': \{([^}]*)\}/g)]
    expect(messages.length).toBeGreaterThan(0)
    for (const [, name, fields] of messages) {
      const row = textOf('docs/guide/watching.md')
        .split('\n')
        .find((line) => line.startsWith(`| \`${name}\``))
      expect(row, name).toBeDefined()
      const own = [...(fields as string).matchAll(/readonly (\w+):/g)].map(([, field]) => field as string)
      for (const field of own)
        if (field !== 'pool') expect(row, `${name}: ${field}`).toContain(`\`${field}\``)
    }
  })

  it('name every code of a StickyError', () => {
    const codes = textOf('packages/core/src/error.ts').split('export type StickyErrorCode')[1] ?? ''
    const names = [...codes.matchAll(/^ {2}\| '([\w-]+)'/gm)].map(([, code]) => code as string)
    expect(names.length).toBeGreaterThan(10)
    for (const code of names) expect(textOf('docs/guide/errors.md'), code).toContain(`\`${code}\``)
  })

  it.each([
    ['docs/guide/getting-started.md', 'packages/core/src/sticky-options.ts', 'StickyOptions'],
    ['docs/guide/tables.md', 'packages/core/src/table/memory-options.ts', 'MemoryTableOptions'],
    ['docs/guide/near-cache.md', 'packages/core/src/table/near/near-options.ts', 'NearCacheOptions'],
    ['docs/guide/near-cache.md', 'packages/core/src/table/near/near-stats.ts', 'NearCacheStats'],
    ['docs/guide/forward.md', 'packages/adapters-node/src/options.ts', 'ForwardOptions'],
    ['docs/guide/forward.md', 'packages/adapters-node/src/retry/retry-options.ts', 'RetryOptions'],
    ['docs/guide/endpoints.md', 'packages/core/src/endpoint/endpoint.ts', 'EndpointInit'],
    ['docs/guide/forward.md', 'packages/adapters-node/src/close-deadline.ts', 'CloseOptions'],
    ['docs/guide/serve.md', 'packages/adapters-node/src/serve/serve-options.ts', 'ServeOptions'],
    ['docs/guide/serve.md', 'packages/adapters-node/src/serve/admin-options.ts', 'ServeAdminOptions'],
    ['docs/guide/serve.md', 'packages/adapters-node/src/serve/limits.ts', 'ServeLimits'],
    ['docs/guide/express.md', 'packages/adapters-express/src/sticky-proxy.ts', 'StickyProxyOptions'],
    ['docs/guide/express.md', 'packages/adapters-express/src/sticky.ts', 'StickyMiddlewareOptions'],
    ['docs/guide/hashing.md', 'packages/core/src/hash/make-consistent-hash.ts', 'ConsistentHashOptions'],
    ['docs/guide/parity-nginx.md', 'packages/core/src/parity/nginx/nginx-hash.ts', 'NginxHashOptions'],
    ['docs/guide/parity-nginx.md', 'packages/core/src/parity/nginx/nginx-hash.ts', 'NginxParseOptions'],
    ['docs/guide/parity-nginx.md', 'packages/core/src/parity/nginx/nginx-server.ts', 'NginxServerOptions'],
    [
      'docs/guide/parity-nginx.md',
      'packages/core/src/parity/resty/resty-chash.ts',
      'IngressNginxChashOptions',
    ],
    ['docs/guide/parity-nginx.md', 'packages/core/src/parity/resty/resty-chash.ts', 'ApisixChashOptions'],
    ['docs/guide/parity-nginx.md', 'packages/core/src/parity/resty/resty-node.ts', 'RestyNodeOptions'],
    ['docs/guide/redis.md', 'packages/core/src/table/redis/redis-options.ts', 'RedisTableOptions'],
    [
      'docs/guide/redis.md',
      'packages/core/src/table/redis/redis-invalidations.ts',
      'RedisInvalidationsOptions',
    ],
    [
      'docs/guide/kubernetes-affinity.md',
      'packages/core/src/service/kubernetes-service.ts',
      'KubernetesServiceOptions',
    ],
    ['docs/guide/hash-table.md', 'packages/core/src/hash/make-consistent-hash.ts', 'ConsistentHashOptions'],
    [
      'docs/guide/hash-table.md',
      'packages/core/src/table/consistent-hash-table.ts',
      'ConsistentHashTableOptions',
    ],
    ['docs/guide/hash-table.md', 'packages/core/src/table/consistent-hash-table.ts', 'ComputedTableOptions'],
    ['docs/guide/parity.md', 'packages/core/src/parity/parity-endpoint-hash.ts', 'ParityEndpointOptions'],
    ['docs/guide/parity.md', 'packages/core/src/parity/compare-with-proxy.ts', 'CompareOptions'],
    [
      'docs/guide/parity-haproxy.md',
      'packages/core/src/parity/haproxy/haproxy-options.ts',
      'HaproxyHashOptions',
    ],
    [
      'docs/guide/parity-haproxy.md',
      'packages/core/src/parity/haproxy/haproxy-options.ts',
      'HaproxyServerInit',
    ],
    [
      'docs/guide/parity-haproxy.md',
      'packages/core/src/parity/haproxy/config/parse-options.ts',
      'HaproxyParseOptions',
    ],
    ['docs/guide/parity-envoy.md', 'packages/core/src/parity/envoy/envoy-host.ts', 'EnvoyHostInit'],
    ['docs/guide/parity-envoy.md', 'packages/core/src/parity/envoy/envoy-options.ts', 'EnvoyHashOptions'],
    [
      'docs/guide/parity-envoy.md',
      'packages/core/src/parity/envoy/envoy-ring-hash.ts',
      'EnvoyRingHashOptions',
    ],
    ['docs/guide/parity-envoy.md', 'packages/core/src/parity/envoy/envoy-maglev.ts', 'EnvoyMaglevOptions'],
    ['docs/guide/simulate.md', 'packages/core/src/simulate/simulate-options.ts', 'SimulatedPool'],
    ['docs/guide/simulate.md', 'packages/core/src/simulate/simulate-options.ts', 'SimulateOptions'],
    ['docs/guide/simulate.md', 'packages/core/src/simulate/simulate-options.ts', 'SimulationProgress'],
    ...['Scale', 'Add', 'Remove', 'Weight', 'Restart', 'RollingUpdate'].map((change) => [
      'docs/guide/simulate.md',
      'packages/core/src/simulate/change.ts',
      `${change}Change`,
    ]),
    ['docs/guide/simulate.md', 'packages/core/src/simulate/change.ts', 'SimulatedEndpointInit'],
    ['docs/guide/simulate.md', 'packages/core/src/simulate/simulation.ts', 'ChangeOutcome'],
    ['docs/guide/simulate.md', 'packages/core/src/simulate/simulation.ts', 'Spread'],
    ['docs/guide/keys.md', 'packages/core/src/key/key-options.ts', 'KeyLimits'],
    ['docs/guide/keys.md', 'packages/core/src/key/header.ts', 'HeaderKeyOptions'],
    ['docs/guide/keys.md', 'packages/core/src/key/address.ts', 'AddressKeyOptions'],
    ['docs/guide/health.md', 'packages/core/src/health/check-schedule.ts', 'CheckScheduleOptions'],
    ['docs/guide/health.md', 'packages/core/src/health/http-check.ts', 'HttpCheckOptions'],
    ['docs/guide/health.md', 'packages/core/src/health/tcp-check.ts', 'TcpCheckOptions'],
    ['docs/guide/file.md', 'packages/core/src/discovery/file.ts', 'FileDiscoveryOptions'],
    ['docs/guide/drain.md', 'packages/adapters-node/src/drain-wait.ts', 'DrainWaitOptions'],
    ['docs/guide/drain.md', 'packages/core/src/endpoint/drains.ts', 'DrainOptions'],
    ['docs/guide/health.md', 'packages/core/src/health/passive-health-options.ts', 'PassiveHealthOptions'],
    ['docs/guide/health.md', 'packages/core/src/health/passive-health-options.ts', 'LatencyOutlierOptions'],
    ['docs/guide/placement.md', 'packages/core/src/balance/rebalance-options.ts', 'RebalanceOptions'],
    ['docs/guide/placement.md', 'packages/core/src/balance/first.ts', 'FirstOptions'],
    ['docs/guide/placement.md', 'packages/core/src/balance/prefer-zone.ts', 'PreferZoneOptions'],
    ['docs/guide/loss.md', 'packages/core/src/sticky-options.ts', 'LossConfirmation'],
    ['docs/guide/placement.md', 'packages/core/src/endpoint/slow-start.ts', 'SlowStartOptions'],
    ['docs/guide/watching.md', 'packages/core/src/stats.ts', 'PoolStats'],
    ['docs/guide/kubernetes.md', 'packages/core/src/discovery/kubernetes/kubernetes.ts', 'KubernetesOptions'],
    ...['ApiOptions', 'ClusterApiOptions', 'InClusterApiOptions'].map((name) => [
      'docs/guide/kubernetes.md',
      'packages/core/src/discovery/kubernetes/api/cluster-api.ts',
      name,
    ]),
    [
      'docs/guide/kubernetes-slices.md',
      'packages/core/src/discovery/kubernetes/slices/slice-options.ts',
      'SliceOptions',
    ],
    [
      'docs/guide/kubernetes-slices.md',
      'packages/core/src/discovery/kubernetes/slices/slice-options.ts',
      'HintsOption',
    ],
    ['docs/guide/dns.md', 'packages/core/src/discovery/dns/dns-discovery.ts', 'DnsDiscoveryOptions'],
    ['docs/guide/dns.md', 'packages/core/src/discovery/dns/stateful-set.ts', 'StatefulSetNames'],
    ['docs/guide/dns.md', 'packages/core/src/discovery/dns/dns-resolver.ts', 'DnsResolverOptions'],
    ['docs/guide/dns.md', 'packages/core/src/discovery/dns/node-resolver.ts', 'NodeResolverOptions'],
    [
      'docs/guide/testing.md',
      'packages/core/src/testing/kubernetes/fake-kubernetes.ts',
      'FakeKubernetesOptions',
    ],
    [
      'docs/guide/testing.md',
      'packages/core/src/testing/kubernetes/objects/object-metadata.ts',
      'ObjectInit',
    ],
    [
      'docs/guide/testing.md',
      'packages/core/src/testing/kubernetes/objects/endpoint-slice.ts',
      'EndpointSliceInit',
    ],
    [
      'docs/guide/testing.md',
      'packages/core/src/testing/kubernetes/objects/endpoint-slice.ts',
      'SliceEndpointInit',
    ],
    [
      'docs/guide/testing.md',
      'packages/core/src/testing/kubernetes/objects/endpoint-slice.ts',
      'SlicePortInit',
    ],
    ['docs/guide/testing.md', 'packages/core/src/testing/kubernetes/objects/service.ts', 'ServiceInit'],
    ['docs/guide/testing.md', 'packages/core/src/testing/kubernetes/objects/service.ts', 'ServicePortInit'],
    ['docs/guide/testing.md', 'packages/core/src/testing/kubernetes/objects/pod.ts', 'PodInit'],
  ])('name in %s every option of %s', (page, source, name) => {
    const body = textOf(source).split(`export interface ${name}`)[1]?.split('\n}')[0] ?? ''
    const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, option]) => option as string)
    expect(options.length).toBeGreaterThan(0)
    for (const option of options) expect(textOf(page), option).toContain(`\`${option}\``)
  })
})
