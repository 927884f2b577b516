import assert from 'node:assert/strict'
import type { TestRegistry } from '@limpet/core/testing'
import type { Echo, PodBehaviour } from '../echo-pod.ts'
import type { StartGateway } from '../gateway.ts'
import { answerBytes } from '../raw-pod.ts'
import { type Scene, scenario } from '../scene.ts'

/** What passes between client and pod besides the body. */
export function headerScenarios({ describe, it }: TestRegistry, startGateway: StartGateway): void {
  const run = (body: (scene: Scene) => Promise<void>) => scenario(startGateway, body)
  const serveOne = async (scene: Scene, behaviour?: PodBehaviour) =>
    scene.serve({ pods: [await scene.pod('a', behaviour)] })

  describe('headers', () => {
    it(
      'passes method, path and query to the pod as they are',
      run(async (scene) => {
        const { client } = await serveOne(scene)
        const paths = ['/', '/a/b?c=d&c=e', '/a%2Fb//c/?q=%20%C3%BC&empty=', "/;,:@&=+$!*'()~?x?y"]
        for (const path of paths) assert.equal((await client.send({ path })).json<Echo>().url, path)
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
          assert.equal((await client.send({ method })).json<Echo>().method, method)
        }
      }),
    )

    it(
      'passes header fields that are not its own, in their order and as often as they came',
      run(async (scene) => {
        const { client } = await serveOne(scene)
        const sent = {
          'X-One': 'a',
          'x-many': ['1', '2', '3'],
          authorization: 'Bearer t',
          cookie: 'c=1; d=2',
        }
        const { rawHeaders, headers } = (await client.send({ headers: sent })).json<Echo>()
        assert.deepEqual(valuesOf(rawHeaders, 'x-many'), ['1', '2', '3'])
        assert.equal(headers['x-one'], 'a')
        assert.equal(headers.authorization, 'Bearer t')
        assert.equal(headers.cookie, 'c=1; d=2')
      }),
    )

    it(
      'keeps what concerns only the connection to the client from the pod (RFC 9110, section 7.6.1)',
      run(async (scene) => {
        const { client } = await serveOne(scene)
        const { headers } = (
          await client.send({
            headers: {
              connection: 'x-secret, keep-alive, X-Other',
              'keep-alive': 'timeout=77',
              'proxy-connection': 'keep-alive',
              te: 'gzip;q=0.5',
              'x-secret': '1',
              'x-other': '1',
              'x-kept': '1',
            },
          })
        ).json<Echo>()
        const dropped = ['x-secret', 'x-other', 'proxy-connection', 'te']
        for (const name of dropped) assert.equal(headers[name], undefined, name)
        assert.notEqual(headers['keep-alive'], 'timeout=77')
        assert.doesNotMatch(headers.connection ?? '', /x-secret|x-other/i)
        assert.equal(headers['x-kept'], '1')
      }),
    )

    it(
      'keeps what concerns only the connection to the pod from the client',
      run(async (scene) => {
        const pod = await scene.rawPod(
          'a',
          answerBytes(
            [
              'HTTP/1.1 200 Fine',
              'Connection: X-Secret, keep-alive',
              'Keep-Alive: timeout=77',
              'Proxy-Connection: keep-alive',
              'X-Secret: 1',
              'X-Kept: 1',
              'Content-Length: 2',
              '',
              'ok',
            ].join('\r\n'),
            'stay',
          ),
        )
        const { client } = await scene.serve({ pods: [pod] })
        const { status, headers, body } = await client.send()
        assert.equal(status, 200)
        assert.equal(body.toString(), 'ok')
        assert.equal(headers['x-secret'], undefined)
        assert.equal(headers['proxy-connection'], undefined)
        assert.notEqual(headers['keep-alive'], 'timeout=77')
        assert.doesNotMatch(headers.connection ?? '', /x-secret/i)
        assert.equal(headers['x-kept'], '1')
      }),
    )

    it(
      'tells the pod who asked and how in X-Forwarded-*, and believes no client that says so itself',
      run(async (scene) => {
        const { client } = await serveOne(scene)
        const spoofed = {
          host: 'shop.example:8080',
          'x-forwarded-for': '6.6.6.6',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'evil.example',
        }
        const { rawHeaders } = (await client.send({ headers: spoofed })).json<Echo>()
        assert.deepEqual(valuesOf(rawHeaders, 'x-forwarded-for'), ['127.0.0.1'])
        assert.deepEqual(valuesOf(rawHeaders, 'x-forwarded-proto'), ['http'])
        assert.deepEqual(valuesOf(rawHeaders, 'x-forwarded-host'), ['shop.example:8080'])
      }),
    )

    it(
      'keeps repeated Set-Cookie lines apart',
      run(async (scene) => {
        const cookies = ['a=1; Expires=Wed, 21 Oct 2037 07:28:00 GMT', 'b=2; HttpOnly', 'c=3']
        const { client } = await serveOne(scene, {
          answer: (_, response) => response.setHeader('set-cookie', cookies).end(),
        })
        const { rawHeaders } = await client.send()
        assert.deepEqual(valuesOf(rawHeaders, 'set-cookie'), cookies)
      }),
    )

    it(
      'passes every status, the answers that have no body among them, and keeps the connection in order',
      run(async (scene) => {
        const { client } = await serveOne(scene, {
          answer(request, response) {
            const status = Number(request.url?.slice(1))
            response.writeHead(status, { etag: '"1"', ...(status === 200 && { 'content-length': 1234 }) })
            response.end(status === 404 ? 'no such thing' : undefined)
          },
        })
        for (const status of [204, 304, 205, 301, 404, 418, 500, 503]) {
          const answer = await client.send({ path: `/${status}` })
          assert.equal(answer.status, status)
          assert.equal(answer.headers.etag, '"1"')
          assert.equal(answer.body.toString(), status === 404 ? 'no such thing' : '')
          if (status === 204) assert.equal(answer.headers['content-length'], undefined)
        }
        const head = await client.send({ method: 'HEAD', path: '/200' })
        assert.equal(head.status, 200)
        assert.equal(head.headers['content-length'], '1234')
        assert.equal(head.body.length, 0)
        assert.equal((await client.send({ path: '/404' })).status, 404)
      }),
    )
  })
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}
