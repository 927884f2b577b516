import { setTimeout as pause } from 'node:timers/promises'
import type { Part } from '../process.ts'
import { start } from './start.ts'

/** A pod that can be killed, always at the same port. */
interface Pod {
  readonly name: string
  readonly port: number
  part: Part
  /** When it was killed, the last first, by `performance.now()`. */
  readonly kills: number[]
}

/** Between two kills, and from a kill to the restart, in milliseconds. */
const KILL_EVERY_MS = [4_000, 12_000] as const
const DOWN_MS = [500, 3_000] as const

/** What a kill may break: requests under way, and those sent before its connections are known to be closed. */
const AFTERMATH_MS = 1_000

/** The pods of a soak. One after another is killed and started again. */
export class Pods {
  readonly #pods: Pod[]
  readonly #random: () => number
  readonly #stopping = new AbortController()
  #killing: Promise<void> | undefined
  kills = 0

  private constructor(pods: Pod[], random: () => number) {
    this.#pods = pods
    this.#random = random
  }

  static async start(count: number, random: () => number): Promise<Pods> {
    const names = Array.from({ length: count }, (_, i) => `pod-${i}`)
    const pods = names.map(async (name): Promise<Pod> => {
      const part = start('pod.ts')
      return { name, port: await part.ask<number>('listen', { name, port: 0 }), part, kills: [] }
    })
    return new Pods(await Promise.all(pods), random)
  }

  get places(): readonly { readonly name: string; readonly port: number }[] {
    return this.#pods.map(({ name, port }) => ({ name, port }))
  }

  /** Begins to kill. */
  harass(): void {
    this.#killing = this.#killOneByOne().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) throw error
    })
  }

  /** Whether a kill of any pod may be why a request failed that was under way from `begin` to `end`. */
  mayHaveBroken(begin: number, end: number): boolean {
    return this.#pods.some(({ kills }) => kills.some((at) => at >= begin - AFTERMATH_MS && at <= end))
  }

  /** Whether this pod was killed since then. */
  wasKilledSince(name: string, since: number): boolean {
    const pod = this.#pods.find((one) => one.name === name)
    return pod?.kills.some((at) => at >= since - AFTERMATH_MS) === true
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#killing
    await Promise.all(this.#pods.map(({ part }) => part.stop()))
  }

  async #killOneByOne(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await pause(this.#between(KILL_EVERY_MS), undefined, { signal })
      const pod = this.#pods[Math.floor(this.#random() * this.#pods.length)] as Pod
      pod.kills.unshift(performance.now())
      this.kills++
      pod.part.kill()
      await pause(this.#between(DOWN_MS), undefined, { signal })
      pod.part = start('pod.ts')
      await pod.part.ask('listen', { name: pod.name, port: pod.port })
    }
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random() * (most - least)
  }
}
