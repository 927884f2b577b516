export { adapterScenarios } from './adapter-scenarios.ts'
export type { ScenarioGateway, ScenarioGatewayOptions, StartGateway } from './gateway.ts'
