/** Our entry in Via (RFC 9110, 7.6.3): the version of HTTP that the message came in, and our name. */
export function viaEntry(httpVersion: string, name: string): string {
  return `${httpVersion} ${name}`
}

/** Adds our entry behind those of a message; with no name it adds nothing. */
export function addVia(headers: string[], httpVersion: string, name: string | undefined): void {
  if (name !== undefined) headers.push('Via', viaEntry(httpVersion, name))
}
