import { remoteAddressBytes } from './client-address.ts'
import type { RequestKey } from './request-key.ts'

/** What `ip_hash` hashes: the first three bytes of an IPv4 address, all sixteen of IPv6. */
export const ADDRESS_KEY: RequestKey = {
  headers: [],
  read(request) {
    const bytes = remoteAddressBytes(request)
    return bytes?.length === 4 ? bytes.subarray(0, 3) : bytes
  },
}
