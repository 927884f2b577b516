/** A request of `run.ts` to one of its processes, and the answer. */
export interface Question {
  readonly id: number
  readonly method: string
  readonly input: unknown
}
export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string })

type Methods = { readonly [method: string]: (input: never) => unknown }

/**
 * Answers the questions of `run.ts` in a process that it started (`start` in process.ts is the other end). `cpu`, the
 * CPU time of this process so far in microseconds, is always there. The process ends with the channel, so nothing
 * outlives a run that was killed.
 */
export function answer(methods: Methods): void {
  const all: Methods = { cpu, ...methods }
  process.once('disconnect', () => process.exit())
  process.on('message', async ({ id, method, input }: Question) => {
    const reply = await outcome(all, method, input)
    // The channel may be closed by now: then nobody waits for the reply.
    process.send?.({ id, ...reply }, undefined, undefined, () => undefined)
  })
}

async function outcome(methods: Methods, method: string, input: unknown): Promise<Omit<Answer, 'id'>> {
  try {
    return { result: await methods[method]?.(input as never) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
