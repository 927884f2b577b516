import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The Redis that the example shares: yours by `REDIS_URL`, or one that is started for it. */
export interface ExampleRedis {
  readonly url: string
  stop(): void
}

export async function exampleRedis(): Promise<ExampleRedis> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) return { url: REDIS_URL, stop: () => undefined }
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'limpet-redis-'))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await isReady(server)
  } catch (error) {
    stop()
    throw error
  }
  return { url: `redis://127.0.0.1:${port}`, stop }
}

function isReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () =>
      reject(new Error('redis-server is missing: apt-get install redis-server, or give REDIS_URL')),
    )
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    let output = ''
    server.stdout?.on('data', (piece) => {
      output += piece
      if (output.includes('Ready to accept connections')) resolve()
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
