import type { Profiler } from 'node:inspector'
import { type Layer, samplesOfLayers } from './layers.ts'
import type { BenchOptions } from './options.ts'
import type { Part } from './process.ts'
import type { Ports } from './proxies/listening.ts'
import { measure, type Stage, type Subject } from './round.ts'

/** Where the CPU time of a small request through `forward()` goes, by V8's sampling profiler. */
export interface LayerProfile {
  readonly samples: number
  readonly intervalUs: number
  /** Of the time in which the process was not idle, 0 to 1. */
  readonly shares: ReadonlyMap<Layer, number>
  /** Microseconds, measured before the profiler ran. */
  readonly cpuPerRequest: number
}

/**
 * V8 tells the caller of an inlined function where it cannot tell more, so that a layer of small functions looks smaller
 * than it is. Without inlining every function is a frame of its own, and costs more than it does otherwise.
 */
export const NO_INLINING: readonly string[] = ['--no-turbo-inlining', '--no-maglev-inlining']

const INTERVAL_US = 500
/** A profile lasts this many times as long as a round of a workload. */
const ROUNDS = 5

/** `part`: a process of forward() that has done nothing yet, so that no other workload has shaped its code. */
export async function profileLayers(
  stage: Stage,
  part: Part,
  backends: readonly number[],
  options: BenchOptions,
): Promise<LayerProfile> {
  const ports = await part.ask<Ports>('listen', backends)
  const subject: Subject = { name: 'forward', part, ports }
  const under = (seconds: number) => measure(stage, subject, 'small', { ...options, seconds })
  // What is compiled while a profiler runs keeps the most of its inlining for the profile.
  await part.ask('startProfile', INTERVAL_US)
  await under(options.warmUpSeconds || options.seconds)
  await part.ask('stopProfile')
  const { cpuPerRequest } = await under(options.seconds)
  await part.ask('startProfile', INTERVAL_US)
  await under(options.seconds * ROUNDS)
  const counts = samplesOfLayers(await part.ask<Profiler.Profile>('stopProfile'))
  const samples = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const shares = new Map([...counts].map(([layer, count]) => [layer, count / samples]))
  return { samples, intervalUs: INTERVAL_US, shares, cpuPerRequest }
}
