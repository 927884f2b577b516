import { readFileSync } from 'node:fs'

/**
 * Certificate and key of `localhost` and 127.0.0.1, signed by itself, P-256, valid to 2126: both stand in one file. For these
 * tests only; the key is public.
 */
export const LOCALHOST: string = readFileSync(
  new URL('../../fixtures/tls/localhost.pem', import.meta.url),
  'latin1',
)
