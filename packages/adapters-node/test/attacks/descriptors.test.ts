import { expect, it, vi } from 'vitest'
import { head, openAttackers } from './attackers.ts'
import { ask } from './bystander.ts'
import { PATIENCE_MS, startScene } from './scene.ts'

/** Few enough to be used up at once, enough to start node with. */
const OPEN_FILES = 100
/** Those that are left for connections to pods, and to count the others. */
const LEFT = 5

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
    const { descriptors: before = 0 } = await scene.calm()
    const attackers = await openAttackers(scene.port, OPEN_FILES - before - LEFT)
    await vi.waitFor(
      async () => expect((await scene.state()).descriptors).toBe(before + attackers.length),
      PATIENCE_MS,
    )
    // Each asks for a connection to a pod, which few of them get, for good.
    const answers: string[] = []
    for (const [i, attacker] of attackers.entries()) {
      attacker.send(head('/silent', [`x-session: key-${i % 20}`]))
      void attacker.answered.then((answer) => answers.push(answer))
    }
    const least = attackers.length - 2 * LEFT
    await vi.waitFor(() => expect(answers.length).toBeGreaterThanOrEqual(least), PATIENCE_MS)
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 503 .*"gateway-exhausted"/s)
    for (const attacker of attackers) attacker.abort()
    const after = await scene.calm()
    expect(after.moves).toBe(0)
    expect(after.complaints).toEqual([])
    for (const key of keys) expect(await ask(scene, key)).toMatchObject({ status: 200 })
  } finally {
    await scene.stop()
  }
})
