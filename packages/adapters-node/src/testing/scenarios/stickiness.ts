import assert from 'node:assert/strict'
import { memoryTable, roundRobin } from '@limpet/core'
import type { TestRegistry } from '@limpet/core/testing'
import type { Answer, Client } from '../client.ts'
import type { Echo } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { laterTable } from '../later-table.ts'
import { KEY, type Scene, scenario } from '../scene.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `key-${index}`)

/** One key, one pod: from the first request on, and for as long as the pod is there. */
export function stickinessScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  describe('stickiness', () => {
    it(
      'sends 5 requests of each of 200 keys to one pod each, and uses all three pods',
      run(async (scene) => {
        const { client } = await scene.serve({ pods: await threePods(scene) })
        const pods = await Promise.all(
          KEYS.map(async (key) => {
            const seen = new Set<string>()
            for (let request = 0; request < 5; request++) seen.add(await podOf(client, key))
            assert.equal(seen.size, 1, `${key} reached ${[...seen].join(' and ')}`)
            return [...seen][0]
          }),
        )
        assert.deepEqual([...new Set(pods)].sort(), ['a', 'b', 'c'])
      }),
    )

    it(
      'keeps two keys apart that were bound to different pods',
      run(async (scene) => {
        const { client } = await scene.serve({ pods: await threePods(scene), placement: roundRobin() })
        const one = await podOf(client, 'one')
        const two = await podOf(client, 'two')
        assert.notEqual(one, two)
        for (let request = 0; request < 3; request++) {
          assert.equal(await podOf(client, 'one'), one)
          assert.equal(await podOf(client, 'two'), two)
        }
      }),
    )

    it(
      'takes the header name in any case, and the value as it is',
      run(async (scene) => {
        const table = memoryTable()
        const { client, routing } = await scene.serve({ pods: await threePods(scene), table })
        for (const name of ['x-session', 'X-Session', 'X-SESSION']) {
          const { status } = await client.send({ headers: { [name]: 'Abc' } })
          assert.equal(status, 200)
        }
        await client.send({ headers: { [KEY]: 'abc' } })
        assert.deepEqual(routing.kinds, ['bound', 'stuck', 'stuck', 'bound'])
        assert.equal(table.size, 2)
      }),
    )

    it(
      'balances requests without a key, or with an empty one, and binds nothing',
      run(async (scene) => {
        const table = memoryTable()
        const pods = await threePods(scene)
        const { client, routing } = await scene.serve({ pods, table, placement: roundRobin() })
        const seen = new Set<string>()
        for (const headers of [{}, {}, {}, { [KEY]: '' }, { [KEY]: '' }, { [KEY]: '' }]) {
          seen.add(nameIn(await client.send({ headers })))
        }
        assert.equal(seen.size, 3)
        assert.deepEqual([...new Set(routing.kinds)], ['keyless'])
        assert.equal(table.size, 0)
      }),
    )

    for (const speed of ['at once', 'later'] as const) {
      it(
        `sends 200 concurrent first requests of one key to one pod, with a table that answers ${speed}`,
        run(async (scene) => {
          const memory = memoryTable()
          const table = speed === 'later' ? laterTable(memory) : memory
          const pods = await threePods(scene)
          // Round robin would scatter them: only the claim can bring them together.
          const { client } = await scene.serve({ pods, table, placement: roundRobin() })
          const seen = await Promise.all(KEYS.map(() => podOf(client, 'the one key')))
          assert.equal(new Set(seen).size, 1)
        }),
      )
    }

    it(
      'moves no key when a pod is added',
      run(async (scene) => {
        const pods = await threePods(scene)
        const { client, discovery, routing } = await scene.serve({ pods })
        const before = await podsOf(client)
        const added = await scene.pod('d')
        discovery.replace([...pods, added].map((pod) => pod.endpoint))
        assert.deepEqual(await podsOf(client), before)
        assert.ok(!routing.kinds.includes('moved'))
      }),
    )

    it(
      'moves the keys of a removed pod once, and no other key',
      run(async (scene) => {
        const pods = await threePods(scene)
        const { client, discovery, routing } = await scene.serve({ pods })
        const before = await podsOf(client)
        discovery.replace(pods.filter((pod) => pod.name !== 'b').map((pod) => pod.endpoint))
        const after = await podsOf(client)
        const ofRemoved = before.filter((pod) => pod === 'b').length
        assert.ok(ofRemoved > 0)
        for (const [index, pod] of before.entries()) {
          if (pod === 'b') assert.notEqual(after[index], 'b')
          else assert.equal(after[index], pod)
        }
        assert.deepEqual(await podsOf(client), after)
        assert.equal(routing.kinds.filter((kind) => kind === 'moved').length, ofRemoved)
      }),
    )
  })
}

function threePods(scene: Scene) {
  return Promise.all(['a', 'b', 'c'].map((name) => scene.pod(name)))
}

function nameIn(answer: Answer): string {
  assert.equal(answer.status, 200)
  return answer.json<Echo>().pod
}

async function podOf(client: Client, key: string): Promise<string> {
  return nameIn(await client.send({ headers: { [KEY]: key } }))
}

function podsOf(client: Client): Promise<string[]> {
  return Promise.all(KEYS.map((key) => podOf(client, key)))
}
