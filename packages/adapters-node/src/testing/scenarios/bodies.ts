import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { TestRegistry } from '@limpet/core/testing'
import { bodyOf, bodyPieces, digest } from '../body-pattern.ts'
import type { Echo, PodBehaviour } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { KEY, type Scene, scenario } from '../scene.ts'

const LARGE = 8 * 1024 * 1024
const headers = { [KEY]: 'k' }

/** Bodies of any size stream both ways; a client that goes away leaves nothing behind. */
export function bodyScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)

  describe('bodies', () => {
    const sends = {
      'of known length': () => bodyOf(LARGE),
      chunked: () => bodyPieces(LARGE),
    }
    for (const [what, body] of Object.entries(sends)) {
      it(
        `sends 8 MB ${what} to the pod byte for byte`,
        run(async (scene) => {
          const { client } = await scene.serve({ pods: [await scene.pod('a')] })
          const echo = (await client.send({ method: 'POST', headers, body: body() })).json<Echo>()
          assert.equal(echo.bodyLength, LARGE)
          assert.equal(echo.bodySha256, digest(bodyPieces(LARGE)))
        }),
      )
    }

    for (const what of ['of known length', 'chunked']) {
      it(
        `sends 8 MB ${what} to the client byte for byte`,
        run(async (scene) => {
          const pod = await scene.pod('a', {
            answer(_, response) {
              if (what === 'of known length') response.setHeader('content-length', LARGE)
              Readable.from(bodyPieces(LARGE)).pipe(response)
            },
          })
          const { client } = await scene.serve({ pods: [pod] })
          const answer = await client.send({ headers })
          assert.ok(answer.complete)
          assert.equal(answer.body.length, LARGE)
          assert.equal(answer.bodySha256, digest(bodyPieces(LARGE)))
        }),
      )
    }

    it(
      'streams both ways at once: a pod may answer while the body is still coming',
      run(async (scene) => {
        const pod = await scene.pod('a', { answer: (request, response) => request.pipe(response) })
        const { client } = await scene.serve({ pods: [pod] })
        const answer = await client.send({ method: 'POST', headers, body: bodyPieces(LARGE) })
        assert.equal(answer.bodySha256, digest(bodyPieces(LARGE)))
      }),
    )

    it(
      'passes each piece of a response on as it comes',
      run(async (scene) => {
        const pieces = ['one', 'two', 'three']
        let writeNext = () => {}
        const pod = await scene.pod('a', {
          answer(_, response) {
            writeNext = () => {
              const piece = pieces.shift()
              if (piece) response.write(piece)
              else response.end()
            }
            writeNext()
          },
        })
        const { client } = await scene.serve({ pods: [pod] })
        const { message } = await client.open({ headers }).answer
        const seen: string[] = []
        for await (const piece of message) {
          seen.push(String(piece))
          writeNext()
        }
        assert.deepEqual(seen, ['one', 'two', 'three'])
      }),
    )

    it(
      'takes a request that waits for 100 Continue',
      run(async (scene) => {
        const { client } = await scene.serve({ pods: [await scene.pod('a')] })
        const expecting = { ...headers, expect: '100-continue' }
        const echo = await client.send({ method: 'POST', headers: expecting, body: Buffer.alloc(5_000) })
        assert.equal(echo.status, 200, echo.body.toString())
        assert.equal(echo.json<Echo>().bodyLength, 5_000)
      }),
    )

    it(
      'ends the request at the pod when the client goes away in the middle of its body',
      run(async (scene) => {
        let sawBody = () => {}
        const bodySeen = new Promise<void>((resolve) => {
          sawBody = resolve
        })
        const pod = await scene.pod('a', {
          answer: (request) => request.on('error', () => {}).once('data', sawBody),
        })
        const { client, routing, pool } = await scene.serve({ pods: [pod] })
        const request = client.open({ method: 'POST', headers, body: 'later' })
        request.write(bodyOf(100_000))
        await bodySeen
        assert.equal(pool.inFlight, 1)
        request.abort()
        await pod.idle()
        await routing.idle()
        assert.equal(pool.inFlight, 0)
      }),
    )

    const waits: Record<string, PodBehaviour['answer']> = {
      'while it waits for the answer': () => {},
      'in the middle of the answer': (_, response) => Readable.from(endless()).pipe(response),
    }
    for (const [when, answer] of Object.entries(waits)) {
      it(
        `ends the request at the pod when the client goes away ${when}`,
        run(async (scene) => {
          let sawRequest = () => {}
          const requestSeen = new Promise<void>((resolve) => {
            sawRequest = resolve
          })
          const pod = await scene.pod('a', {
            answer(request, response) {
              response.on('error', () => {})
              answer?.(request, response)
              sawRequest()
            },
          })
          const { client, routing, pool } = await scene.serve({ pods: [pod] })
          const request = client.open({ headers })
          await requestSeen
          if (when === 'in the middle of the answer') {
            const { message } = await request.answer
            await new Promise((resolve) => message.once('data', resolve))
          }
          assert.equal(pool.inFlight, 1)
          request.abort()
          await pod.idle()
          await routing.idle()
          assert.equal(pool.inFlight, 0)
        }),
      )
    }
  })
}

function* endless(): Generator<Buffer> {
  for (;;) yield* bodyPieces(LARGE)
}
