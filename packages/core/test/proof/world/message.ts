import type { Rules } from '../history/event.ts'

/** What the world tells a gateway, in the order of its telling. */
export type Order =
  | {
      readonly order: 'start'
      readonly name: string
      readonly history: string
      /** Path of the module that opens the table. */
      readonly table: string
      readonly port: number
      readonly rules: Rules
      readonly endpoints: readonly string[]
      readonly seed: number
      /** How far its clock is ahead. */
      readonly skewMs: number
    }
  /** Connections to all endpoints but these succeed, from now on. */
  | { readonly order: 'dead'; readonly endpoints: readonly string[] }
  | { readonly order: 'discovery'; readonly endpoints: readonly string[] }
  | { readonly order: 'send'; readonly from: number; readonly keys: readonly string[] }
  | { readonly order: 'jump'; readonly clock: 'clock' | 'wall-clock'; readonly ms: number }
  | { readonly order: 'close' }

/** What a gateway answers to `start` and `close`; to the other orders it answers nothing. */
export type Report = { readonly report: 'started' } | { readonly report: 'closed'; readonly requests: number }
