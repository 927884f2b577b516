import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { listening } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// @fastify/http-proxy over undici with its default pool (128 connections), without logging.

listening(async (backends) => {
  const choose = stickyChoice(backends)
  const app = fastify({ logger: false })
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
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
})
