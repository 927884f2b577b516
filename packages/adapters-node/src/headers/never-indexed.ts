import { type IncomingHttpHeaders, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2'

/** Something that can carry the names that node keeps under its symbol. */
type Carrier = { [sensitive: symbol]: unknown }

/**
 * Hands on which fields the sender marked as never to be indexed: an intermediary has to send them so, too (RFC 7541, 6.2.3),
 * lest their values stand in a compression table that other clients' requests share.
 */
export function handOnNeverIndexed(
  from: IncomingHttpHeaders | OutgoingHttpHeaders | readonly string[],
  to: OutgoingHttpHeaders | string[],
): void {
  const names = (from as unknown as Carrier)[sensitiveHeaders] as readonly string[] | undefined
  if (names !== undefined && names.length > 0) (to as unknown as Carrier)[sensitiveHeaders] = names
}
