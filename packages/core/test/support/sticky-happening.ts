import type { PodState } from './pod-states.ts'

/** How the pools of a history are set up: their timeouts, and how many share one table. */
export const IDLE = 4_000
export const ABSOLUTE = 30_000
export const REPLICAS = 2

/** One thing that happens in a history. `lease` counts the open ones, modulo how many there are. */
export type Happening =
  | {
      readonly what: 'pod'
      readonly replicas: readonly number[]
      readonly pod: number
      readonly state: PodState
    }
  | { readonly what: 'request'; readonly replica: number; readonly key: string | undefined }
  | { readonly what: 'connect-failure'; readonly lease: number }
  | { readonly what: 'answer'; readonly lease: number; readonly servedBy: number }
  | { readonly what: 'done'; readonly lease: number }
  | { readonly what: 'time'; readonly ms: number }
