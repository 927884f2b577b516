import assert from 'node:assert/strict'
import type { TestRegistry } from '@limpet/core/testing'
import { assertRefusal } from '../assert-refusal.ts'
import { bodyOf, digest } from '../body-pattern.ts'
import type { Echo } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { inOrder } from '../in-order.ts'
import { resetAfterHead, silence } from '../raw-pod.ts'
import { KEY, type Scene, type Served, scenario } from '../scene.ts'
import type { UpgradeInit } from '../upgrade-client.ts'
import { acceptUpgrade } from '../websocket-echo.ts'

const headers = { [KEY]: 'k' }

/** WebSocket and other upgrades: routed by the same key to the same pod, then a pipe of bytes. */
export function upgradeScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  describe('upgrades', () => {
    it(
      'go to the pod of their key, as its other requests do',
      run(async (scene) => {
        const pods = await Promise.all(['a', 'b', 'c'].map((name) => scene.pod(name)))
        const served = await scene.serve({ pods })
        const seen = new Set<string>()
        for (let index = 0; index < 20; index++) {
          const own = { [KEY]: `key-${index}` }
          const pod = (await served.client.send({ headers: own })).json<Echo>().pod
          const upgraded = await upgrade(served, { headers: own })
          assert.equal(upgraded.headers['x-pod'], pod)
          upgraded.connection.end()
          await upgraded.connection.closed
          seen.add(pod)
        }
        assert.equal(seen.size, 3)
      }),
    )

    it(
      'carry bytes both ways, early ones and many',
      run(async (scene) => {
        const served = await scene.serve({ pods: [await scene.pod('a')] })
        const early = Buffer.from('before the answer')
        const { connection, headers: answered } = await upgrade(served, { path: '/ws?x=1', headers, early })
        assert.equal(answered['x-url'], '/ws?x=1')
        assert.equal(answered['x-forwarded-for-seen'], '127.0.0.1')
        assert.deepEqual(await connection.receive(early.length), early)
        const much = bodyOf(1_000_000)
        connection.send(much)
        assert.equal(digest([await connection.receive(much.length)]), digest([much]))
        connection.end()
        await connection.closed
      }),
    )

    it(
      'count as under way until they close, and end at the pod when the client ends or goes away',
      run(async (scene) => {
        const pod = await scene.pod('a')
        const served = await scene.serve({ pods: [pod] })
        for (const leave of ['end', 'abort'] as const) {
          const { connection } = await upgrade(served, { headers })
          assert.equal(served.pool.inFlight, 1)
          connection[leave]()
          await pod.idle()
          await served.routing.idle()
          assert.equal(served.pool.inFlight, 0)
        }
      }),
    )

    it(
      'end at the client when the pod ends or dies',
      run(async (scene) => {
        const pods = {
          ending: await scene.pod('ending', {
            upgrade(request, socket, head) {
              acceptUpgrade('ending', request, socket, head)
              socket.once('data', () => socket.end())
            },
          }),
          dying: await scene.pod('dying'),
        }
        const served = await scene.serve({ pods: [], placement: inOrder })
        for (const pod of [pods.ending, pods.dying]) {
          served.discovery.replace([pod.endpoint])
          const { connection } = await upgrade(served, { headers: { [KEY]: pod.name } })
          connection.send(Buffer.from('x'))
          await connection.receive(1)
          if (pod === pods.dying) await pod.kill()
          await connection.closed
          await served.routing.idle()
        }
      }),
    )

    it(
      'to a dead pod go to another, early bytes with them',
      run(async (scene) => {
        const pods = [await scene.deadPod('dead'), await scene.pod('live')]
        const served = await scene.serve({ pods, placement: inOrder })
        const early = Buffer.from('before the answer')
        const { headers: answered, connection } = await upgrade(served, { headers, early })
        assert.equal(answered['x-pod'], 'live')
        assert.deepEqual(await connection.receive(early.length), early)
        connection.end()
        await connection.closed
        assert.deepEqual(served.routing.kinds, ['bound', 'moved'])
      }),
    )

    it(
      'are answered as requests are when there is no pod for them',
      run(async (scene) => {
        const served = await scene.serve({ pods: [await scene.deadPod('x'), await scene.deadPod('y')] })
        assertRefusal(await refusedUpgrade(served, { headers }), 503, 'no-endpoints')
        const repeated = { [KEY]: ['one', 'two'] }
        assertRefusal(await refusedUpgrade(served, { headers: repeated }), 400, 'ambiguous-key')
      }),
    )

    it(
      'that the pod answers with something else than 101 are answered so',
      run(async (scene) => {
        const pod = await scene.pod('a', {
          upgrade(_, socket) {
            const head =
              'HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 7\r\nx-why: policy'
            socket.end(`${head}\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\nnot you`)
          },
        })
        const served = await scene.serve({ pods: [pod] })
        const answer = await refusedUpgrade(served, { headers })
        assert.equal(answer.status, 403)
        assert.equal(answer.headers['x-why'], 'policy')
        assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
        assert.equal(answer.body.toString(), 'not you')
      }),
    )

    it(
      'end with 502 or 504 when the pod resets them or stays silent, and others are served',
      run(async (scene) => {
        const resetting = await scene.rawPod('resetting', resetAfterHead)
        const silent = await scene.rawPod('silent', silence)
        const good = await scene.pod('good')
        const gateway = { responseTimeoutMs: 100 }
        const served = await scene.serve({ pods: [resetting], placement: inOrder, gateway })
        assertRefusal(await refusedUpgrade(served, { headers: { [KEY]: 'one' } }), 502, 'upstream-reset')
        served.discovery.replace([silent.endpoint])
        assertRefusal(await refusedUpgrade(served, { headers: { [KEY]: 'two' } }), 504, 'upstream-timeout')
        served.discovery.replace([good.endpoint])
        const { connection } = await upgrade(served, { headers: { [KEY]: 'three' } })
        connection.end()
        await connection.closed
      }),
    )
  })
}

async function upgrade(served: Served, init: UpgradeInit) {
  const result = await served.upgrade(init)
  if (result.kind === 'answered') assert.fail(`answered ${result.answer.status}: ${result.answer.body}`)
  return result
}

async function refusedUpgrade(served: Served, init: UpgradeInit) {
  const result = await served.upgrade(init)
  if (result.kind === 'upgraded') assert.fail('upgraded')
  return result.answer
}
