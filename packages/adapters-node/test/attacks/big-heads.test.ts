import { describe, expect, it } from 'vitest'
import { ended, head, openAttackers } from './attackers.ts'
import { sharedScene } from './scene.ts'
import { withstand } from './withstand.ts'

const COUNT = 80

const heads = [
  ['one header of 64 KiB', head('/', [`x-huge: ${'a'.repeat(65_536)}`]), 431],
  [
    '3 000 headers in 15 KiB',
    head(
      '/',
      Array.from({ length: 3_000 }, () => 'a:b'),
    ),
    431,
  ],
  ['a target of 64 KiB', head(`/${'a'.repeat(65_536)}`), 431],
] as const

const answers = [
  ['a head of 1 MiB', '/head/1000000', 502],
  ['a head just over the limit', '/head/16400', 502],
  ['2 000 interim responses', '/interim/2000', 102],
  ['some interim responses', '/interim/10', 102],
  ['a body of 20 000 chunks', '/chunks/20000', 200],
] as const

describe('big heads and tiny parts', { timeout: 60_000 }, () => {
  const scene = sharedScene()

  it.each(heads)('requests with %s', async (_what, bytes, status) => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT)
      for (const attacker of attackers) attacker.send(bytes)
      for (const { answered } of attackers) expect(await answered).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      for (const attacker of attackers) attacker.abort()
    })
  })

  it.each(answers)('responses with %s', async (_what, target, status) => {
    await withstand(scene(), async ({ port }) => {
      const attackers = await openAttackers(port, COUNT / 4)
      for (const attacker of attackers) attacker.send(head(target, ['Connection: close']))
      for (const { answered } of attackers) expect(await answered).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      await ended(attackers)
    })
  })
})
