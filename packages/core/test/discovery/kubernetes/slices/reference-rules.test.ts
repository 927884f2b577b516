import { describe, expect, it } from 'vitest'
import { DRAINING, NOT_READY, pod, READY, slice, TERMINATED, Web } from './support.ts'

describe('the rules of EndpointSlices', () => {
  it('which slices: all that carry the name of the Service, in its namespace, joined', () => {
    const foreign = {
      metadata: { name: 'c', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db' } },
    }
    const elsewhere = {
      metadata: { name: 'd', namespace: 'prod', labels: { 'kubernetes.io/service-name': 'web' } },
    }
    const web = new Web({}, [
      slice('a', [pod('web-0', '10.0.0.1')]),
      slice('b', [pod('web-1', '10.0.0.2')]),
      slice('c', [pod('db-0', '10.0.0.3')], foreign),
      slice('d', [pod('web-2', '10.0.0.4')], elsewhere),
    ])
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080', 'web-1 10.0.0.2:8080'])
    expect(web.faults).toEqual([
      'EndpointSlice "default"/c: expected one of Service default/web, got one of "db"',
      'EndpointSlice "prod"/d: expected one of Service default/web, got one of "web"',
    ])
  })

  it('which slices: one that loses the label of the Service loses its endpoints', () => {
    const web = new Web({ moveGraceMs: 0 }, [slice('a', [pod('web-0', '10.0.0.1')])])
    expect(web.shown).toHaveLength(1)
    web.put(slice('a', [pod('web-0', '10.0.0.1')], { metadata: { name: 'a', labels: null } }))
    expect(web.shown).toEqual([])
  })

  it('addressType: IPv4 and IPv6 are read, FQDN is left out and told', () => {
    const web = new Web({}, [
      slice('four', [pod('web-0', '10.0.0.1')]),
      slice('six', [pod('web-1', 'fd00::1')], { addressType: 'IPv6' }),
      slice('names', [pod('web-2', 'web-2.example')], { addressType: 'FQDN' }),
    ])
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080', 'web-1 fd00::1:8080'])
    expect(web.faults).toEqual(['EndpointSlice names: addressType: expected IPv4 or IPv6, got "FQDN"'])
  })

  it('addresses: only the first counts', () => {
    const web = new Web({}, [slice('a', [{ ...pod('web-0', ''), addresses: ['10.0.0.1', '10.0.0.2', 'x'] }])])
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080'])
    expect(web.faults).toEqual([])
  })

  it.each([undefined, null, {}, { ready: null, serving: null, terminating: null }])(
    'ready, serving, terminating: missing means true, true, false (%j)',
    (conditions) => {
      const web = new Web({}, [
        slice('a', [pod('web-0', '10.0.0.1', { ...(conditions !== undefined && { conditions }) })]),
      ])
      expect(web.get('web-0')?.conditions).toEqual(READY)
      expect(web.set.availability('web-0')).toEqual({ state: 'ready' })
    },
  )

  it('ready: what is not ready takes nothing, what still serves keeps its keys, what has ended none', () => {
    const web = new Web({}, [
      slice('a', [
        pod('ready', '10.0.0.1', { conditions: READY }),
        pod('starting', '10.0.0.2', { conditions: NOT_READY }),
        pod('ending', '10.0.0.3', { conditions: DRAINING }),
        pod('ended', '10.0.0.4', { conditions: TERMINATED }),
      ]),
    ])
    expect(web.set.endpoints.map(({ identity }) => [identity, web.set.availability(identity)])).toEqual([
      ['ended', { state: 'down', cause: 'terminated' }],
      ['ending', { state: 'draining' }],
      ['ready', { state: 'ready' }],
      ['starting', { state: 'down', cause: 'not-ready' }],
    ])
  })

  it('ready: always true with publishNotReadyAddresses, which a terminating pod does not take new keys for', () => {
    const web = new Web({}, [
      slice('a', [
        pod('starting', '10.0.0.1', { conditions: { ready: true, serving: false, terminating: false } }),
        pod('ending', '10.0.0.2', { conditions: { ready: true, serving: true, terminating: true } }),
        pod('ended', '10.0.0.3', { conditions: { ready: true, serving: false, terminating: true } }),
      ]),
    ])
    expect(web.set.availability('starting')).toEqual({ state: 'ready' })
    expect(web.set.availability('ending')).toEqual({ state: 'draining' })
    expect(web.set.availability('ended')).toEqual({ state: 'down', cause: 'terminated' })
    expect(web.set.placeable.map(({ identity }) => identity)).toEqual(['starting'])
  })

  it('ports: a name has the number that each slice gives it', () => {
    const ports = (number: number) => ({
      ports: [
        { name: 'admin', port: 1 },
        { name: 'http', port: number },
      ],
    })
    const web = new Web({ port: 'http' }, [
      slice('a', [pod('web-0', '10.0.0.1')], ports(8080)),
      slice('b', [pod('web-1', '10.0.0.2')], ports(3000)),
    ])
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080', 'web-1 10.0.0.2:3000'])
  })

  it('ports: one without name or number is skipped, one without text has the empty name', () => {
    const ports = [
      { port: 1 },
      { name: 'any' },
      { name: null, port: 2 },
      { name: '', port: 80 },
      { name: 'x', port: 3 },
    ]
    for (const port of [undefined, '', 80] as const) {
      const web = new Web(port === undefined ? {} : { port }, [
        slice('a', [pod('web-0', '10.0.0.1')], { ports }),
      ])
      expect(web.shown, String(port)).toEqual(['web-0 10.0.0.1:80'])
      expect(web.faults).toEqual([])
    }
  })

  it('ports: the only TCP port needs no name', () => {
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'web', port: 8080, protocol: 'TCP' },
    ]
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')], { ports })])
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080'])
  })

  it('ports: a number is one that the slice has, or stands alone for a Service that names none', () => {
    const listed = slice('a', [pod('web-0', '10.0.0.1')], {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    })
    expect(new Web({ port: 81 }, [listed]).shown).toEqual(['web-0 10.0.0.1:81'])
    expect(new Web({ port: 82 }, [listed]).shown).toEqual([])
    for (const ports of [[], null, undefined]) {
      const bare = { ...slice('a', [pod('web-0', '10.0.0.1')]), ports }
      expect(new Web({ port: 82 }, [bare]).shown).toEqual(['web-0 10.0.0.1:82'])
      expect(new Web({ port: 'http' }, [bare]).shown).toEqual([])
    }
  })

  it('ports: a name that no slice has, or none where there are several, is told once, with those there are', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'metrics', port: 9090 },
    ]
    const slices = ['a', 'b', 'c'].map((name, index) =>
      slice(name, [pod(name, `10.0.0.${index + 1}`)], { ports }),
    )
    const named = new Web({ port: 'grpc' }, slices)
    expect(named.shown).toEqual([])
    expect(named.faults).toEqual([
      'EndpointSlice a: ports: expected a TCP port "grpc" (option "port"), got "http" 80, "metrics" 9090; its endpoints are left out',
    ])
    const unnamed = new Web({}, slices)
    expect(unnamed.faults).toEqual([
      'EndpointSlice a: ports: expected one TCP port, or one without a name (option "port"), got "http" 80, "metrics" 9090; its endpoints are left out',
    ])
  })

  it('duplicates: an endpoint in two slices counts once, and stays when one of them lets it go', () => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')]), slice('b', [pod('web-0', '10.0.0.1')])])
    const before = web.get('web-0')
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080'])
    web.put(slice('a', []))
    expect(web.get('web-0')).toBe(before)
    web.remove('a')
    expect(web.get('web-0')).toBe(before)
    expect(web.endpoints.dueAt).toBeUndefined()
  })

  it('identity: by name, uid or address, and by address where no pod is behind the endpoint', () => {
    const bare = { addresses: ['10.0.0.2'] }
    const slices = [slice('a', [pod('web-0', '10.0.0.1'), bare])]
    const byName = new Web({}, slices)
    expect(byName.shown).toEqual(['10.0.0.2:8080 10.0.0.2:8080', 'web-0 10.0.0.1:8080'])
    expect(byName.faults).toEqual([
      'EndpointSlice a: endpoints[1].targetRef.name: expected the name of a pod, so its address 10.0.0.2:8080 is its identity, got undefined',
    ])
    expect(new Web({ identity: 'uid' }, slices).shown).toEqual([
      '10.0.0.2:8080 10.0.0.2:8080',
      'uid-of-web-0 10.0.0.1:8080',
    ])
    const byAddress = new Web({ identity: 'address' }, slices)
    expect(byAddress.shown).toEqual(['10.0.0.1:8080 10.0.0.1:8080', '10.0.0.2:8080 10.0.0.2:8080'])
    expect(byAddress.faults).toEqual([])
    const node = { ...bare, targetRef: { kind: 'Node', name: 'node-1', uid: 'u' } }
    expect(new Web({}, [slice('a', [node])]).shown).toEqual(['10.0.0.2:8080 10.0.0.2:8080'])
    const six = slice('a', [{ addresses: ['fd00::2'] }], { addressType: 'IPv6' })
    expect(new Web({}, [six]).shown).toEqual(['[fd00::2]:8080 fd00::2:8080'])
  })

  it.each([
    ['kubernetes.io/h2c', 'http:', '2'],
    ['kubernetes.io/ws', 'http:', '1.1'],
    ['kubernetes.io/wss', 'https:', '1.1'],
    ['https', 'https:', '1.1'],
    [null, 'http:', '1.1'],
    ['', 'http:', '1.1'],
  ])('appProtocol: %s', (appProtocol, protocol, httpVersion) => {
    const web = new Web({}, [
      slice('a', [pod('web-0', '10.0.0.1')], { ports: [{ name: 'p', port: 80, appProtocol }] }),
    ])
    expect(web.get('web-0')).toMatchObject({ protocol, httpVersion })
    expect(web.faults).toEqual([])
  })

  it('appProtocol: the options outrank it, and one that is not known here is HTTP, and told', () => {
    const ports = (appProtocol: string) => ({ ports: [{ name: 'p', port: 80, appProtocol }] })
    const slices = [slice('a', [pod('web-0', '10.0.0.1')], ports('kubernetes.io/h2c'))]
    expect(new Web({ protocol: 'https:' }, slices).get('web-0')).toMatchObject({
      protocol: 'https:',
      httpVersion: '2',
    })
    const odd = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')], ports('mysql'))])
    expect(odd.get('web-0')).toMatchObject({ protocol: 'http:', httpVersion: '1.1' })
    expect(odd.faults).toHaveLength(1)
    expect(odd.faults[0]).toContain('EndpointSlice a: appProtocol: expected')
    const said = new Web({ protocol: 'http:', httpVersion: '2' }, [
      slice('a', [pod('web-0', '10.0.0.1')], ports('mysql')),
    ])
    expect(said.faults).toEqual([])
  })
})
