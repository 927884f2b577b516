import { expect, it } from 'vitest'
import { head, openAttackers } from './attackers.ts'
import { ask } from './bystander.ts'
import { startScene } from './scene.ts'

/** Few enough to be used up at once, enough to start node with. */
const OPEN_FILES = 100

it('clients that take every descriptor make no pod look lost, and no key moves', {
  timeout: 60_000,
}, async () => {
  const scene = await startScene({
    openFiles: OPEN_FILES,
    forward: { keepAliveMs: 0 },
    limits: { maxConnections: 1_000 },
  })
  try {
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`)
    for (const key of keys) expect(await ask(scene, key)).toMatchObject({ status: 200 })
    const { descriptors: before } = await scene.calm()
    const attackers = await openAttackers(scene.port, OPEN_FILES - (before ?? 0))
    // Whoever has a connection to the gateway by now asks it for one to a pod.
    for (const [i, attacker] of attackers.entries()) attacker.send(head('/', [`x-session: key-${i % 20}`]))
    const answers = await Promise.all(attackers.map(({ answered }) => answered))
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 503 ')).length).toBeGreaterThan(0)
    for (const attacker of attackers) attacker.abort()
    const after = await scene.calm()
    expect(after.moves).toBe(0)
    expect(after.complaints).toEqual([])
    for (const key of keys) expect(await ask(scene, key)).toMatchObject({ status: 200 })
  } finally {
    await scene.stop()
  }
})
