import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorAnswer } from '../error-answer.ts'
import type { ForwardContext } from '../forward-context.ts'
import type { OpenUpgrades } from '../open-exchanges.ts'
import { OpenStreams } from './open-streams.ts'
import { UpgradeExchange, type UpgradeHost } from './upgrade-exchange.ts'

/** Every upgrade of a `forward()`: those that wait for a pod's answer, and the streams that have come of them. */
export class Upgrades implements UpgradeHost, OpenUpgrades {
  readonly context: ForwardContext
  readonly streams: OpenStreams
  readonly #underWay = new Set<UpgradeExchange>()

  constructor(context: ForwardContext) {
    const { clock, upgradeIdleMs } = context.options
    this.context = context
    this.streams = new OpenStreams(clock, upgradeIdleMs, () => context.open.settle())
  }

  get size(): number {
    return this.#underWay.size + this.streams.size
  }

  /** Ends every stream and every request to switch at once. */
  cut(): void {
    this.streams.cut()
    for (const exchange of [...this.#underWay]) exchange.cut()
  }

  /** Takes a request to switch protocols; `early` = what the client sent behind it. Never throws. */
  accept(request: IncomingMessage, client: Duplex, early: Buffer): void {
    const { maxUpgrades } = this.context.options
    if (this.size >= maxUpgrades) return this.refuse(request, client, tooMany(maxUpgrades))
    const exchange = new UpgradeExchange(this, request, client, early)
    this.#underWay.add(exchange)
    exchange.start()
  }

  /** Answers a request to switch protocols with an error. */
  refuse(request: IncomingMessage, client: Duplex, answer: ErrorAnswer): void {
    new UpgradeExchange(this, request, client, NOTHING).refuse(answer)
  }

  over(exchange: UpgradeExchange): void {
    this.#underWay.delete(exchange)
    this.context.open.settle()
  }
}

const NOTHING: Buffer = Buffer.alloc(0)

function tooMany(most: number): ErrorAnswer {
  const message = `${most} upgraded streams are open already (option "forward.maxUpgrades")`
  return { status: 503, code: 'at-capacity', message }
}
