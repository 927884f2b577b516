import type { TestRegistry } from '@limpet/core/testing'
import type { StartGateway } from './gateway.ts'
import { badAnswerScenarios } from './scenarios/bad-answers.ts'
import { bodyScenarios } from './scenarios/bodies.ts'
import { failOverScenarios } from './scenarios/fail-over.ts'
import { headerScenarios } from './scenarios/headers.ts'
import { refusalScenarios } from './scenarios/refusals.ts'
import { stickinessScenarios } from './scenarios/stickiness.ts'
import { upgradeScenarios } from './scenarios/upgrades.ts'

/**
 * Declares the scenarios that every adapter must pass, over real sockets on the loopback interface: which pod a request
 * reaches, what arrives there, and how each failure ends. Each scenario starts its own pods, pool and gateway, and ends
 * with the check that the adapter has ended every lease. Give the runner at least 30 seconds for one `it`.
 *
 * @param registry - `{ describe, it }` of vitest, node:test or the like
 * @param startGateway - starts an HTTP server with the adapter in front of a routing
 * @public
 */
export function adapterScenarios(registry: TestRegistry, startGateway: StartGateway): void {
  stickinessScenarios(registry, startGateway)
  refusalScenarios(registry, startGateway)
  failOverScenarios(registry, startGateway)
  badAnswerScenarios(registry, startGateway)
  headerScenarios(registry, startGateway)
  bodyScenarios(registry, startGateway)
  upgradeScenarios(registry, startGateway)
}
