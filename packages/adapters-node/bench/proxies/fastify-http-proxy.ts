import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import { LOCALHOST } from '../certificate.ts'
import type { Transport } from '../workload.ts'
import { listening } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// @fastify/http-proxy over undici with its default pool (128 connections), without logging.

const https = { cert: LOCALHOST, key: LOCALHOST, allowHTTP1: true }

const APPS = {
  plain: () => fastify({ logger: false }),
  tls: () => fastify({ logger: false, https }),
  h2: () => fastify({ logger: false, http2: true, https }),
} as const

listening(async (backends) => {
  const choose = stickyChoice(backends)
  const ports = (Object.keys(APPS) as Transport[]).map(async (transport) => {
    const app = APPS[transport]() as unknown as FastifyInstance
    await app.register(httpProxy, {
      upstream: '',
      replyOptions: {
        getUpstream: (request) => choose(request.headers['x-session'] as string | undefined),
        rewriteRequestHeaders: (request, headers) => {
          const before = headers['x-forwarded-for']
          headers['x-forwarded-for'] = before === undefined ? request.ip : `${before}, ${request.ip}`
          return headers
        },
      },
    })
    return [transport, Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)]
  })
  return Object.fromEntries(await Promise.all(ports))
})
