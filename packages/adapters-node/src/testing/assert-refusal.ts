import assert from 'node:assert/strict'
import type { Answer } from './client.ts'

/** An error answer of the gateway: the status, a JSON body with the code, and nothing of the inside. */
export function assertRefusal(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.body.toString())
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  assert.equal(answer.json<{ code: string }>().code, code)
  assertNoStack(answer)
}

/** No line of a stack and no file of the gateway's machine. */
export function assertNoStack(answer: Answer): void {
  const text = answer.body.toString()
  assert.doesNotMatch(text, /\bat .*:\d+:\d+/)
  assert.doesNotMatch(text, /node_modules|node:internal|file:\/\//)
}
