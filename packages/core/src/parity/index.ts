export type { ParityScheme, ParityServer } from './parity-scheme.ts'
