import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { describeWith } from '../../../packages/core/test/support/real-program.ts'

vi.setConfig({ testTimeout: 60_000 })

describeWith('redis-server', 'two gateways with one Redis', () => {
  it('send a session to the same pod, whichever of them it comes to', async () => {
    const example = spawn(process.execPath, ['--conditions=@limpet/source', 'main.ts'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, REDIS_URL: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(example, 'exit')
    try {
      let output = ''
      for await (const piece of example.stdout) {
        output += piece
        if (output.includes('Ctrl-C')) break
      }
      const [one, other] = [...output.matchAll(/alice' (\S+)/g)].map(([, url]) => url as string)
      expect(one).not.toBe(other)
      const pods = new Set<string>()
      for (let i = 0; i < 40; i++) {
        const ask = async (url: string) => (await fetch(url, { headers: { 'x-session': `s-${i}` } })).text()
        const answers = await Promise.all([one, other, other, one].map((url) => ask(url as string)))
        expect(new Set(answers).size).toBe(1)
        pods.add(answers[0] as string)
      }
      expect(pods.size).toBe(3)
    } finally {
      example.kill('SIGTERM')
      await exited
    }
  })
})
