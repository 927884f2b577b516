import assert from 'node:assert/strict'
import { header } from '@limpet/core'
import type { TestRegistry } from '@limpet/core/testing'
import { assertRefusal } from '../assert-refusal.ts'
import type { Echo } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { inOrder } from '../in-order.ts'
import { KEY, type Scene, scenario } from '../scene.ts'

/** Requests that get no pod, each with its code. */
export function refusalScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  describe('refusals', () => {
    it(
      'answers 400 ambiguous-key to a repeated key header, and no pod sees the request',
      run(async (scene) => {
        const pod = await scene.pod('a')
        const { client } = await scene.serve({ pods: [pod] })
        assertRefusal(await client.send({ headers: { [KEY]: ['one', 'two'] } }), 400, 'ambiguous-key')
        assert.equal(pod.requests, 0)
      }),
    )

    it(
      'answers 400 bad-key to a key over the limit, and takes one at the limit',
      run(async (scene) => {
        const pod = await scene.pod('a')
        const { client } = await scene.serve({ pods: [pod], key: header(KEY, { maxLength: 64 }) })
        assertRefusal(await client.send({ headers: { [KEY]: 'k'.repeat(65) } }), 400, 'bad-key')
        assert.equal(pod.requests, 0)
        assert.equal((await client.send({ headers: { [KEY]: 'k'.repeat(64) } })).status, 200)
      }),
    )

    it(
      'refuses a request with a body too, and keeps the connection in order',
      run(async (scene) => {
        const pod = await scene.pod('a')
        const { client } = await scene.serve({ pods: [pod] })
        const body = Buffer.alloc(20_000, 'x')
        const refused = await client.send({ method: 'POST', headers: { [KEY]: ['one', 'two'] }, body })
        assertRefusal(refused, 400, 'ambiguous-key')
        const next = await client.send({ method: 'POST', headers: { [KEY]: 'one' }, body })
        assert.equal(next.json<Echo>().bodyLength, 20_000)
      }),
    )

    it(
      'answers 503 no-endpoints while the pool is empty, and serves when a pod has come',
      run(async (scene) => {
        const pod = await scene.pod('a')
        const { client, discovery } = await scene.serve({ pods: [] })
        assertRefusal(await client.send({ headers: { [KEY]: 'k' } }), 503, 'no-endpoints')
        discovery.replace([pod.endpoint])
        assert.equal((await client.send({ headers: { [KEY]: 'k' } })).status, 200)
      }),
    )

    it(
      'answers the chosen status to keys of a lost pod where the policy is to fail, and keeps their binding',
      run(async (scene) => {
        const a = await scene.pod('a')
        const b = await scene.pod('b')
        const { client, discovery } = await scene.serve({
          pods: [a, b],
          placement: inOrder,
          onLost: { action: 'fail', status: 410 },
        })
        const headers = { [KEY]: 'k' }
        assert.equal((await client.send({ headers })).json<Echo>().pod, 'a')
        await a.kill()
        assertRefusal(await client.send({ headers }), 410, 'lost')
        discovery.replace([b.endpoint])
        assertRefusal(await client.send({ headers }), 410, 'lost')
        assert.equal((await client.send({ headers: { [KEY]: 'another' } })).json<Echo>().pod, 'b')
        assert.equal(b.requests, 1)
      }),
    )

    it(
      'answers 503 closed once the pool is closed',
      run(async (scene) => {
        const { client, pool } = await scene.serve({ pods: [await scene.pod('a')] })
        await pool.close()
        assertRefusal(await client.send({ headers: { [KEY]: 'k' } }), 503, 'closed')
      }),
    )
  })
}
