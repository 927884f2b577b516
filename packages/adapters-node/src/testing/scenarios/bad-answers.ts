import assert from 'node:assert/strict'
import type { TestRegistry } from '@limpet/core/testing'
import { assertRefusal } from '../assert-refusal.ts'
import type { Echo, PodBehaviour } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { inOrder } from '../in-order.ts'
import { answerBytes, endlessHeader, type Script, silence } from '../raw-pod.ts'
import { KEY, type Scene, scenario } from '../scene.ts'

/** Of pods that stay silent; any other has all the time it needs on a slow machine. */
const SHORT_MS = 100
const LONG_MS = 10_000

/** Pods that answer wrongly, in part, or not at all: a clear end for this client, and none for the others. */
export function badAnswerScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  /** A gateway whose keys of their own value reach the bad pod, and requests of `good` a correct one. */
  const serveBoth = async (scene: Scene, script: Script, responseTimeoutMs = LONG_MS) => {
    const bad = await scene.rawPod('bad', script)
    const good = await scene.pod('good')
    const { client, discovery } = await scene.serve({
      pods: [good],
      placement: inOrder,
      gateway: { responseTimeoutMs },
    })
    const assertServes = async () => {
      const answer = await client.send({ headers: { [KEY]: 'good' } })
      assert.equal(answer.json<Echo>().pod, 'good')
    }
    await assertServes()
    discovery.replace([bad.endpoint, good.endpoint])
    return { client, bad, good, assertServes }
  }

  describe('bad answers', () => {
    const malformed: Record<string, Script> = {
      nonsense: answerBytes('I do not speak HTTP\r\n\r\n', 'stay'),
      'a malformed header line': answerBytes('HTTP/1.1 200 OK\r\nno colon here\r\n\r\n', 'stay'),
      'an impossible length': answerBytes('HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n', 'stay'),
      'two lengths': answerBytes(
        'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
        'stay',
      ),
      'an endless header': endlessHeader,
    }
    for (const [what, script] of Object.entries(malformed)) {
      it(
        `answers 502 upstream-malformed to ${what}, and closes the connection to the pod`,
        run(async (scene) => {
          const { client, bad, good, assertServes } = await serveBoth(scene, script)
          assertRefusal(await client.send({ headers: { [KEY]: 'bad' } }), 502, 'upstream-malformed')
          await bad.idle()
          assert.equal(good.requests, 1, 'a request that a pod has answered is not sent to another')
          await assertServes()
        }),
      )
    }

    it(
      'answers 504 upstream-timeout to a pod that stays silent, and closes the connection to it',
      run(async (scene) => {
        const { client, bad, assertServes } = await serveBoth(scene, silence, SHORT_MS)
        const post = { method: 'POST', headers: { [KEY]: 'bad' }, body: Buffer.alloc(1_000) }
        assertRefusal(await client.send(post), 504, 'upstream-timeout')
        await bad.idle()
        await assertServes()
      }),
    )

    it(
      'answers 502 upstream-reset to a POST whose pod ends the connection without a word',
      run(async (scene) => {
        const { client, assertServes } = await serveBoth(scene, answerBytes('', 'end'))
        const post = { method: 'POST', headers: { [KEY]: 'bad' }, body: Buffer.alloc(1_000) }
        assertRefusal(await client.send(post), 502, 'upstream-reset')
        await assertServes()
      }),
    )

    const halves = {
      'of known length': 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this',
      chunked: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nonly this\r\n',
    }
    for (const [what, bytes] of Object.entries(halves)) {
      it(
        `lets the client see that a response ${what} was cut off`,
        run(async (scene) => {
          const { client, assertServes } = await serveBoth(scene, answerBytes(bytes, 'end'))
          const answer = await client.send({ headers: { [KEY]: 'bad' } })
          assert.equal(answer.status, 200)
          assert.equal(answer.body.toString(), 'only this')
          assert.equal(answer.complete, false)
          await assertServes()
        }),
      )
    }

    it(
      'cuts the client off when a pod is killed in the middle of a response, and serves its key elsewhere',
      run(async (scene) => {
        const half: PodBehaviour = {
          answer(_, response) {
            response.writeHead(200, { 'content-length': 100_000 })
            response.write(Buffer.alloc(50_000))
          },
        }
        const a = await scene.pod('a', half)
        const b = await scene.pod('b')
        const { client } = await scene.serve({ pods: [a, b], placement: inOrder })
        const open = await client.open({ headers: { [KEY]: 'k' } }).answer
        const cut = new Promise<void>((resolve) => open.message.once('close', () => resolve()))
        open.message.once('data', () => void a.kill())
        await cut
        assert.equal(open.message.complete, false)
        assert.equal((await client.send({ headers: { [KEY]: 'k' } })).json<Echo>().pod, 'b')
      }),
    )
  })
}
