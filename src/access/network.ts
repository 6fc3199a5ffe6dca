import type { AccessList } from './access-list.js'
import { parseAddress } from './range.js'

/** What names the network of one customer in an IPv6 address, of 8 parts of 16 bits each. */
const IPV6_PARTS = 4

/**
 * What counts as one address where connections or events are counted for each: an IPv4 address, or
 * the /64 of an IPv6 address, all of which whoever has one of its addresses can use.
 *
 * @param address as text; what is none is one of its own
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address // the most common kind needs no reading
  const parsed = parseAddress(address)
  if (!parsed) return address
  if (!('parts' in parsed)) return parsed.toString()
  const parts = parsed.parts.slice(0, IPV6_PARTS).map((part) => part.toString(16))
  return `${parts.join(':')}::/64`
}

/**
 * The network that a connection counts for; undefined where it is a trusted proxy's, whose clients
 * count for themselves.
 *
 * @param address undefined if it has closed already
 */
export function connectionNetwork(
  address: string | undefined,
  trustedProxies: AccessList,
): string | undefined {
  if (address === undefined) return ''
  return trustedProxies.allows(address) ? undefined : networkOf(address)
}
