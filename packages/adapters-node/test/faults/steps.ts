import type { Step } from './script.ts'

/** The steps of scripts, by short names. */
export const FIRST_BYTE: Step = { do: 'read', until: 'first byte' }
export const HEAD: Step = { do: 'read', until: 'head' }
export const REQUEST: Step = { do: 'read', until: 'request' }
export const SERVE_ONCE: Step = { do: 'serve', times: 'once' }
export const SERVE: Step = { do: 'serve', times: 'always' }
export const WORD: Step = { do: 'wait', for: 'word' }
export const CLIENT_HAS_HEAD: Step = { do: 'wait', for: 'client' }
export const DEAF: Step = { do: 'stop reading' }
export const HALF_CLOSE: Step = { do: 'half-close' }
export const CLOSE: Step = { do: 'close' }
export const RESET: Step = { do: 'reset' }

export function send(bytes: string): Step {
  return { do: 'send', bytes }
}

/** The head of an answer of the pod with the fault. */
export function head(status: string, ...fields: readonly string[]): string {
  return `HTTP/1.1 ${[status, 'X-Pod: faulty', ...fields].join('\r\n')}\r\n\r\n`
}

export const OK = '200 OK'
export const SIZED: string = head(OK, 'Content-Length: 100')
export const CHUNKED: string = head(OK, 'Transfer-Encoding: chunked')
export const UNTIL_CLOSE: string = head(OK, 'Connection: close')
/** Less than any of these bodies announces. */
export const PART = 'only a part'
export const PART_CHUNK: string = `${PART.length.toString(16)}\r\n${PART}\r\n`
