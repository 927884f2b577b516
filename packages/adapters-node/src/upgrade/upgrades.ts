import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Routing } from '@limpet/core'
import type { ErrorAnswer } from '../error-answer.ts'
import type { CheckedForwardOptions } from '../options.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { OpenStreams } from './open-streams.ts'
import { UpgradeExchange, type UpgradeHost } from './upgrade-exchange.ts'

/** Every upgrade of a `forward()`: those that wait for a pod's answer, and the streams that have come of them. */
export class Upgrades implements UpgradeHost {
  readonly routing: Routing
  readonly upstream: Upstream
  readonly options: CheckedForwardOptions
  readonly streams: OpenStreams
  readonly #underWay = new Set<UpgradeExchange>()
  #isClosed = false

  constructor(routing: Routing, upstream: Upstream, options: CheckedForwardOptions) {
    this.routing = routing
    this.upstream = upstream
    this.options = options
    this.streams = new OpenStreams(options.clock, options.upgradeIdleMs)
  }

  /** Takes a request to switch protocols; `early` = what the client sent behind it. Never throws. */
  accept(request: IncomingMessage, client: Duplex, early: Buffer): void {
    const refusal = this.#refusal()
    const exchange = new UpgradeExchange(this, request, client, early)
    this.#underWay.add(exchange)
    if (refusal) exchange.refuse(refusal)
    else exchange.start()
  }

  over(exchange: UpgradeExchange): void {
    this.#underWay.delete(exchange)
  }

  /** Cuts every stream at once and refuses what is under way and what still comes. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.streams.cut()
    for (const exchange of [...this.#underWay]) exchange.refuse(CLOSED)
  }

  #refusal(): ErrorAnswer | undefined {
    if (this.#isClosed) return CLOSED
    const { maxUpgrades } = this.options
    return this.#underWay.size + this.streams.size < maxUpgrades ? undefined : tooMany(maxUpgrades)
  }
}

const CLOSED: ErrorAnswer = { status: 503, code: 'closed', message: 'forward() was closed' }

function tooMany(most: number): ErrorAnswer {
  const message = `${most} upgraded streams are open already (option "forward.maxUpgrades")`
  return { status: 503, code: 'at-capacity', message }
}
