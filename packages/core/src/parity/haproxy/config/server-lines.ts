import type { HaproxyServerInit } from '../haproxy-options.ts'
import { MAX_SERVERS } from '../limits.ts'
import { SERVER_NAME } from '../server-options.ts'
import { configFault, shown } from './config-fault.ts'
import type { HaproxyParseOptions } from './parse-options.ts'
import { type WrittenAddress, writtenAddress } from './server-address.ts'
import { type ServerSettings, serverSettings } from './server-settings.ts'

type HostNames = HaproxyParseOptions['hostNames']

/** The server of a `server` line under the defaults so far. */
export function serverOfLine(
  words: readonly string[],
  line: number,
  defaults: ServerSettings,
  hostNames: HostNames,
): HaproxyServerInit {
  const [, name = '', address] = words
  if (address === undefined) throw configFault(line, 'server needs a name and an address')
  checkName(name, line)
  const settings = serverSettings(words, 3, line, defaults)
  return serverInit(name, writtenAddress(address, line), settings, line, hostNames)
}

/** The servers of a `server-template` line: a prefix with each number of its range. */
export function serversOfTemplate(
  words: readonly string[],
  line: number,
  defaults: ServerSettings,
): HaproxyServerInit[] {
  const [, prefix = '', numbers = '', address] = words
  if (address === undefined)
    throw configFault(line, 'server-template needs a prefix, a number or a range, and an address')
  const range = /^(?:(\d{1,9})-)?(\d{1,9})$/.exec(numbers)
  const first = Number(range?.[1] ?? 1)
  const last = Number(range?.[2])
  if (range === null || last < first)
    throw configFault(line, `${shown(numbers)} is no number or range of servers`)
  if (last - first >= MAX_SERVERS) throw configFault(line, `more than ${MAX_SERVERS} servers`)
  const settings = serverSettings(words, 4, line, defaults)
  const written = writtenAddress(address, line)
  if (settings.resolvers || written.kind === 'name') {
    throw configFault(
      line,
      'which servers of the template are up depends on what DNS answers; write them out as server lines',
    )
  }
  if (last > first && (settings.id !== undefined || settings.guid !== undefined)) {
    throw configFault(line, 'the servers of a template cannot share an id or a guid')
  }
  checkName(`${prefix}${last}`, line)
  return Array.from({ length: last - first + 1 }, (_, i) =>
    serverInit(`${prefix}${first + i}`, written, settings, line, 'refuse'),
  )
}

/** The defaults after a `default-server` line. */
export function defaultsOfLine(
  words: readonly string[],
  line: number,
  before: ServerSettings,
): ServerSettings {
  if (words[1] === 'name') throw configFault(line, 'default-server with a name is not read')
  const settings = serverSettings(words, 1, line, before)
  if (settings.id !== undefined || settings.guid !== undefined) {
    throw configFault(line, 'id and guid belong to one server; default-server takes neither')
  }
  return settings
}

function checkName(name: string, line: number): void {
  if (!SERVER_NAME.test(name)) throw configFault(line, `${shown(name)} is no name of a server`)
}

function serverInit(
  name: string,
  written: WrittenAddress,
  settings: ServerSettings,
  line: number,
  hostNames: HostNames,
): HaproxyServerInit {
  const { id, guid, weight, backup, disabled, hashKey } = settings
  if (settings.agent)
    throw configFault(line, 'agent-check lets an agent change the weight while HAProxy runs')
  if (settings.slowstart) {
    throw configFault(
      line,
      'slowstart changes the share of a server with the time since it came up; leave it out',
    )
  }
  refuseAddress(written, hashKey, line, hostNames)
  const server = { name, id, guid, weight, backup, disabled, hashKey }
  if (written.kind === 'none') return server
  const isHere = written.kind !== 'path' && !written.isOffset
  return { ...server, address: written.host, port: isHere ? written.port : undefined }
}

function refuseAddress(
  written: WrittenAddress,
  hashKey: ServerSettings['hashKey'],
  line: number,
  hostNames: HostNames,
): void {
  const isHashed = hashKey === 'addr' || hashKey === 'addr-port'
  if (written.kind === 'name') {
    const host = shown(written.host)
    if (isHashed)
      throw configFault(line, `${host} is hashed (hash-key ${hashKey}), but only DNS knows its address`)
    if (written.host.startsWith('_'))
      throw configFault(line, `${host} is a name of SRV records, which may be several servers`)
    if (hostNames !== 'single') {
      throw configFault(
        line,
        `${host} is a host name, which may have several addresses; write an address, or parse with hostNames 'single'`,
      )
    }
  }
  if (isHashed && (written.kind === 'none' || (written.kind === 'ip' && written.isOffset))) {
    throw configFault(
      line,
      `the address is hashed (hash-key ${hashKey}), but depends on where the client connected to`,
    )
  }
}
