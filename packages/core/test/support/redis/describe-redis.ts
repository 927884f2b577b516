import { describeWith } from '../real-program.ts'
import type { RedisProgram } from './redis-process.ts'

/** A suite for each server that speaks Redis' protocol: `redis-server`, and `valkey-server` where the distribution has it. */
export function describeRedis(name: string, suite: (program: RedisProgram) => void): void {
  for (const program of ['redis-server', 'valkey-server'] as const)
    describeWith(program, `${name} (${program})`, () => suite(program))
}
