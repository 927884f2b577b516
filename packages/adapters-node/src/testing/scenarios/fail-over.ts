import assert from 'node:assert/strict'
import { memoryTable } from '@limpet/core'
import type { TestRegistry } from '@limpet/core/testing'
import { assertNoStack, assertRefusal } from '../assert-refusal.ts'
import { bodyOf, bodyPieces, digest } from '../body-pattern.ts'
import type { Echo } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { inOrder } from '../in-order.ts'
import { resetAfterHead, resetAtOnce } from '../raw-pod.ts'
import { KEY, type Scene, scenario } from '../scene.ts'

const BODY_LENGTH = 200_000
const headers = { [KEY]: 'k' }

/** A pod that cannot be connected: the request goes on elsewhere, whole, and its key with it. */
export function failOverScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  describe('fail-over', () => {
    const requests = {
      'a GET': () => ({ headers }),
      'a POST of known length': () => ({ method: 'POST', headers, body: bodyOf(BODY_LENGTH) }),
      'a chunked POST': () => ({ method: 'POST', headers, body: bodyPieces(BODY_LENGTH) }),
    }
    for (const [what, init] of Object.entries(requests)) {
      it(
        `sends ${what} for a dead pod to another, byte for byte, and its key moves once and stays`,
        run(async (scene) => {
          const live = await scene.pod('live')
          const pods = [await scene.deadPod('dead'), live]
          const { client, routing } = await scene.serve({ pods, placement: inOrder })
          for (let request = 0; request < 3; request++) {
            const answer = await client.send(init())
            assert.equal(answer.status, 200, answer.body.toString())
            const echo = answer.json<Echo>()
            assert.equal(echo.pod, 'live')
            const sent = 'body' in init() ? BODY_LENGTH : 0
            assert.equal(echo.bodyLength, sent)
            assert.equal(echo.bodySha256, digest(bodyPieces(sent)))
          }
          assert.deepEqual(routing.kinds, ['bound', 'moved', 'stuck', 'stuck'])
        }),
      )
    }

    it(
      'moves the keys of a killed pod once, loses no request, and leaves the keys of the others',
      run(async (scene) => {
        const pods = await Promise.all(['a', 'b', 'c'].map((name) => scene.pod(name)))
        const { client, routing } = await scene.serve({ pods })
        const podsOf = () =>
          Promise.all(
            Array.from({ length: 60 }, async (_, index) => {
              const answer = await client.send({ headers: { [KEY]: `key-${index}` } })
              assert.equal(answer.status, 200, answer.body.toString())
              return answer.json<Echo>().pod
            }),
          )
        const before = await podsOf()
        await pods[1]?.kill()
        const after = await podsOf()
        const ofKilled = before.filter((pod) => pod === 'b').length
        assert.ok(ofKilled > 0)
        for (const [index, pod] of before.entries()) {
          if (pod === 'b') assert.notEqual(after[index], 'b')
          else assert.equal(after[index], pod)
        }
        assert.deepEqual(await podsOf(), after)
        assert.equal(routing.kinds.filter((kind) => kind === 'moved').length, ofKilled)
      }),
    )

    it(
      'tries every pod once before it gives up, and then serves again as soon as one is there',
      run(async (scene) => {
        const table = memoryTable()
        const dead = [await scene.deadPod('x'), await scene.deadPod('y'), await scene.deadPod('z')]
        const { client, routing, discovery } = await scene.serve({ pods: dead, table, placement: inOrder })
        for (const init of [{ headers }, { method: 'POST', headers, body: bodyOf(BODY_LENGTH) }]) {
          assertRefusal(await client.send(init), 503, 'no-endpoints')
        }
        assert.deepEqual(routing.kinds.slice(0, 4), ['bound', 'moved', 'moved', 'refused'])
        assert.equal(table.size, 0, 'a key that nobody answered is not bound')
        const live = await scene.pod('live')
        discovery.replace([...dead, live].map((pod) => pod.endpoint))
        assert.equal((await client.send({ headers })).json<Echo>().pod, 'live')
      }),
    )

    it(
      'never sends a POST twice: a pod that resets after the head is answered by 502 upstream-reset',
      run(async (scene) => {
        const resetting = await scene.rawPod('resetting', resetAfterHead)
        const live = await scene.pod('live')
        const { client } = await scene.serve({ pods: [resetting, live], placement: inOrder })
        const answer = await client.send({ method: 'POST', headers, body: bodyOf(BODY_LENGTH) })
        assertRefusal(answer, 502, 'upstream-reset')
        assert.equal(resetting.connections, 1)
        assert.equal(live.requests, 0)
        assert.equal((await client.send({ headers: { [KEY]: 'k', 'x-probe': '1' } })).status >= 200, true)
      }),
    )

    it(
      'answers a pod that accepts and resets by another pod or by 502, and hangs in neither case',
      run(async (scene) => {
        const resetting = await scene.rawPod('resetting', resetAtOnce)
        const live = await scene.pod('live')
        const { client } = await scene.serve({ pods: [resetting, live], placement: inOrder })
        for (const method of ['GET', 'POST']) {
          const body = method === 'POST' ? { body: bodyOf(BODY_LENGTH) } : {}
          const answer = await client.send({ method, headers, ...body })
          assertNoStack(answer)
          if (answer.status !== 200) assertRefusal(answer, 502, 'upstream-reset')
          else assert.equal(answer.json<Echo>().bodyLength, method === 'POST' ? BODY_LENGTH : 0)
        }
      }),
    )
  })
}
