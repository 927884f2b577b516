import { type Profiler, Session } from 'node:inspector/promises'

let session: Session | undefined

/** Methods of a process that can be profiled. */
export const PROFILER_METHODS = {
  /** Samples the stack every `intervalUs` microseconds from now on. */
  startProfile: async (intervalUs: number): Promise<void> => {
    session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: intervalUs })
    await session.post('Profiler.start')
  },
  /** Ends the profile and answers it. */
  stopProfile: async (): Promise<Profiler.Profile | undefined> => {
    const stopped = await session?.post('Profiler.stop')
    session?.disconnect()
    return stopped?.profile
  },
}
