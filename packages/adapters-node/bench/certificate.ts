import { readFileSync } from 'node:fs'

/** Certificate and key of `localhost` and 127.0.0.1, signed by itself, P-256: both stand in one file. For tests of this machine only. */
export const LOCALHOST: string = readFileSync(new URL('fixtures/localhost.pem', import.meta.url), 'latin1')
