import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ClusterDns } from './cluster-dns.ts'

/**
 * The pods of `web`, each a process with a loopback address of its own, all on one port, as in a cluster. A pod that
 * starts again has another address. Linux has all of 127.0.0.0/8; elsewhere the addresses have to be set up.
 */
export class Pods {
  readonly #dns: ClusterDns
  readonly #running = new Map<string, ChildProcess>()
  /** Of this process alone, so that two runs beside each other never meet. */
  readonly #network = `127.${1 + ((process.pid >> 8) % 250)}.${process.pid & 255}`
  #addresses = 0
  #port = 0

  constructor(dns: ClusterDns) {
    this.#dns = dns
  }

  /** The port of every pod, once the first one runs. */
  get port(): number {
    return this.#port
  }

  /** Starts a pod and answers its address; undefined if it runs already. */
  async start(name: string): Promise<string | undefined> {
    if (this.#running.has(name)) return undefined
    const address = `${this.#network}.${1 + (this.#addresses++ % 250)}`
    const pod = fork(new URL('../pod.ts', import.meta.url), {
      env: { ...process.env, POD_NAME: name, HOST: address, PORT: String(this.#port) },
    })
    this.#running.set(name, pod)
    const failed = once(pod, 'exit').then(([code]) => {
      throw new Error(`${name} ended with code ${code} before it listened on ${address}`)
    })
    // Once it listens, its end is the user's doing.
    failed.catch(() => undefined)
    const [{ port }] = (await Promise.race([once(pod, 'message'), failed])) as [{ port: number }]
    this.#port = port
    this.#dns.set(dnsName(name), address)
    return address
  }

  /** Kills a pod as a crash would, and takes its name from DNS. Answers whether it ran. */
  async stop(name: string): Promise<boolean> {
    const pod = this.#running.get(name)
    if (!pod) return false
    this.#running.delete(name)
    this.#dns.remove(dnsName(name))
    const gone = once(pod, 'exit')
    pod.kill('SIGKILL')
    await gone
    return true
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)))
  }
}

function dnsName(pod: string): string {
  return `${pod}.web.default.svc.cluster.local`
}
