import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'
import type { AccessList } from './access-list.js'
import { forwarded, xForwardedFor } from './forwarded.js'
import { parseAddress } from './range.js'

/** What is looked at of a request. */
interface Addressed extends Pick<IncomingMessage, 'headers'> {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * Where a request comes from: the address of its connection; or, if that is a trusted proxy's,
 * what it says in `X-Forwarded-For` or `Forwarded`, read from the right up to the first address
 * that is no trusted proxy's. What is left of that one anybody may have written.
 *
 * @param trusted the proxies whose word counts
 * @returns the address as text, IPv4 within IPv6 as IPv4; undefined where it cannot be told for
 * certain: a hop is no address, both headers are there and do not agree, the connection has none
 */
export function clientAddress(
  { socket, headers }: Addressed,
  trusted: AccessList,
): string | undefined {
  const nearest = normal(socket.remoteAddress)
  if (nearest === undefined || !trusted.allows(nearest)) return nearest
  const claims: (string | undefined)[] = []
  const { 'x-forwarded-for': theirs, forwarded: standard } = headers
  if (theirs !== undefined) claims.push(origin(xForwardedFor(String(theirs)), trusted))
  if (standard !== undefined) claims.push(origin(forwarded(standard), trusted))
  const [claim = undefined] = claims
  if (claims.length === 0) return nearest
  return claims.every((other) => other === claim) ? claim : undefined
}

/** The last hop that is no trusted proxy; the first one if all are. */
function origin(hops: readonly (string | undefined)[], trusted: AccessList): string | undefined {
  let address: string | undefined
  for (const hop of hops.toReversed()) {
    address = normal(hop)
    if (address === undefined || !trusted.allows(address)) return address
  }
  return address
}

/** One text for each address. */
function normal(text: string | undefined): string | undefined {
  if (text === undefined || isIPv4(text)) return text // which has one form alone
  return parseAddress(text)?.toString()
}
