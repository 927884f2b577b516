export type {
  AddChange,
  Change,
  RemoveChange,
  RestartChange,
  RollingUpdateChange,
  ScaleChange,
  SimulatedEndpoint,
  SimulatedEndpointInit,
  WeightChange,
} from './change.ts'
export type { Workload } from './fleet.ts'
export type { KeyMapping, MappingOf, NativeMapping, SimulatedMapping, StoredMapping } from './mapping.ts'
export { simulate } from './simulate.ts'
export type { SimulatedPool, SimulateOptions, SimulationProgress } from './simulate-options.ts'
export type {
  ChangeOutcome,
  EndpointShare,
  MappingOutcome,
  Moves,
  Simulation,
  Spread,
  StepOutcome,
} from './simulation.ts'
export type { SyntheticKeys } from './synthetic-keys.ts'
