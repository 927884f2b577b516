import { type Fail, quoted } from './fail.ts'
import type { NginxServerOptions } from './nginx-server.ts'

/** Parameters after which the config no longer says which servers there are, or which of them gets a key. */
const REFUSED: Readonly<Record<string, string>> = {
  backup:
    'nginx refuses it behind a method that hashes, and before one it has backup servers only for the round robin that takes over',
  resolve: 'the addresses behind the name change while nginx runs',
  service: 'the addresses behind the name change while nginx runs',
  slow_start: 'the weight changes while the server warms up',
  route: 'sessions go by route, not by the hash alone',
  drain: 'only requests that are bound to it go there',
}

/**
 * Reads the words behind `server`. `max_fails`, `fail_timeout` and `max_conns` are checked and have no effect: the mapping is that of servers which are not
 * failed and not full.
 */
export function readServer(words: readonly string[], fail: Fail): NginxServerOptions {
  const [server, ...parameters] = words
  if (server === undefined) throw fail('"server" has no address')
  let weight = 1
  let down = false
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    const name = equals < 0 ? parameter : parameter.slice(0, equals)
    const value = equals < 0 ? undefined : parameter.slice(equals + 1)
    const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
    if (reason !== undefined)
      throw fail(`server ${quoted(server)} with ${quoted(name)} has no fixed mapping: ${reason}`)
    if (parameter === 'down') down = true
    else if (name === 'weight') weight = wholeNumber(parameter, value, fail)
    else if (name === 'max_fails' || name === 'max_conns') wholeNumber(parameter, value, fail)
    else if (name !== 'fail_timeout' || !/^\d[\d yMwdhms]*$/.test(value ?? '')) {
      throw fail(`server ${quoted(server)} has the invalid parameter ${quoted(parameter)}`)
    }
  }
  return { server, weight, down }
}

function wholeNumber(parameter: string, value: string | undefined, fail: Fail): number {
  if (value === undefined || !/^\d{1,15}$/.test(value)) throw fail(`${quoted(parameter)} is no whole number`)
  return Number(value)
}
