import type { AddressInfo } from 'node:net'
import { HubError, messageOf } from '../errors.js'

/** How many connections may wait to be taken: as many as the system lets, which has a limit. */
export const BACKLOG = 65_535

/** The URL of a server that listens there, by TLS or plainly. */
export function urlOf({ address, family, port }: AddressInfo, isSecure: boolean): string {
  return `${isSecure ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** What to tell of a server that cannot listen. */
export function cannotListen(host: string, port: number, cause: unknown): HubError {
  return new HubError(
    'ADDRESS_UNAVAILABLE',
    `cannot listen on ${host} port ${port}: ${messageOf(cause)}; choose another with --port or --host`,
    { cause },
  )
}
