import { adapterScenarios } from '@limpet/adapters-node/testing'
import express from 'express'
import express4 from 'express4'
import { describe, it } from 'vitest'
import { startExpress } from './start-express.ts'

for (const [version, create] of [
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const) {
  for (const mountPath of [undefined, '/chat']) {
    describe(`stickyProxy() on ${version} ${mountPath ? `mounted at ${mountPath}` : 'at the root'}`, () => {
      adapterScenarios({ describe, it: (name, run) => it(name, run, 30_000) }, (routing, options) =>
        startExpress(create, routing, { ...options, ...(mountPath && { mountPath }) }),
      )
    })
  }
}
