import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A block of addresses: all that share their first `prefix` bits with `address`. */
export interface Range {
  readonly address: Address
  readonly prefix: number
}

/** An IPv4 address within IPv6 stands behind so many bits: `::ffff:1.2.3.4`. [RFC 4291] */
const MAPPED_BITS = 96

/**
 * Reads the address of a client. Its zone (`%eth0`) is passed over; an IPv4 address within IPv6
 * comes back as IPv4.
 *
 * @returns undefined for what is not an address
 */
export function parseAddress(text: string): Address | undefined {
  if (isIP(text) === 0) return undefined
  const address = parse(text.replace(/%.*$/, ''))
  return isMapped(address) ? address.toIPv4Address() : address
}

/**
 * Reads an address or a CIDR range, such as `10.0.0.0/8` or `::1`. Bits behind the prefix are
 * passed over; a range of IPv4 addresses within IPv6 comes back as IPv4.
 *
 * @returns undefined for what is neither
 */
export function parseRange(text: string): Range | undefined {
  const [, host = '', digits] = /^([^/%]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  const family = isIP(host)
  const bits = family === 4 ? 32 : 128
  const prefix = digits === undefined ? bits : Number(digits)
  if (family === 0 || prefix > bits) return undefined
  const address = parse(host)
  return isMapped(address) && prefix >= MAPPED_BITS
    ? { address: address.toIPv4Address(), prefix: prefix - MAPPED_BITS }
    : { address, prefix }
}

/** Whether an address, as `parseAddress` gives it, is in a range. */
export function contains({ address, prefix }: Range, candidate: Address): boolean {
  return candidate.kind() === address.kind() && candidate.match(address, prefix)
}

/** Reads what node takes for an address: ipaddr.js alone takes `10` and `010.1.1.1`, too. */
function parse(text: string): Address {
  // ipaddr.js takes ::1.2.3.4 for ::ffff:1.2.3.4; with a digit before, it does not.
  return ipaddr.parse(text.replace(/^::(?=\d+\.)/, '0::'))
}

function isMapped(address: Address): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
}
