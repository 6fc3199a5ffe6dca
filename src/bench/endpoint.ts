import { once } from 'node:events'
import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { Refusal, unreachable } from '../client/failure.js'
import { HubError } from '../errors.js'

/** What in a URL stands for a channel's name. */
export const CHANNEL = '{channel}'

/** Where requests go. */
export interface Endpoint {
  readonly hostname: string
  /** Its address, once it was looked up. */
  readonly address: string
  readonly port: number
  readonly isSecure: boolean
  /** Of the Host header. */
  readonly host: string
  /** With `{channel}` where the channel's name goes. */
  readonly target: string
  /** The certificates that it is trusted by, in PEM; by default Node's. */
  readonly ca: string | undefined
}

/** Ms that a first connection may take. */
const CONNECT_TIMEOUT = 10_000

/**
 * @param url with `{channel}` where the channel's name goes
 * @param ca the certificates that it is trusted by, in PEM
 * @throws {HubError} `INVALID_CONFIG` if it is not a URL
 */
export function toEndpoint(url: string, ca: string | undefined): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) {
    throw new HubError(
      'INVALID_CONFIG',
      `a URL must be like http://127.0.0.1:8080/${CHANNEL}, without a user; found ${JSON.stringify(url)}`,
    )
  }
  const { protocol, host, hostname, port, pathname, search } = parsed
  const isSecure = protocol === 'https:'
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const target = (pathname + search).replaceAll(/%7Bchannel%7D/gi, CHANNEL)
  return {
    hostname: name,
    address: name,
    port: Number(port) || (isSecure ? 443 : 80),
    isSecure,
    host,
    target,
    ca,
  }
}

/**
 * Looks an address up, by connecting to it.
 *
 * @throws {HubError} `HUB_UNREACHABLE`
 */
export async function reach(endpoint: Endpoint): Promise<Endpoint> {
  const socket = connectTo(endpoint)
  try {
    await once(socket, endpoint.isSecure ? 'secureConnect' : 'connect', {
      signal: AbortSignal.timeout(CONNECT_TIMEOUT),
    })
    return { ...endpoint, address: socket.remoteAddress ?? endpoint.address }
  } catch (error) {
    throw unreachable(`${endpoint.isSecure ? 'https' : 'http'}://${endpoint.host}`, error)
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

/** @param onread what reads from it; by default it is a stream */
export function connectTo(endpoint: Endpoint, onread?: OnReadOpts): Socket {
  const { address, hostname, port, isSecure, ca } = endpoint
  const options = { host: address, port, ...(onread && { onread }) }
  if (!isSecure) return connectPlain(options).setNoDelay(true)
  const servername = /^[\d.]+$|:/.test(hostname) ? '' : hostname
  return connectSecurely({ ...options, servername, ca })
}

/** What the hub says of a request that it did not take. */
export function refusalOf(status: number, body: string): HubError {
  return new Refusal(status, saidIn(body) ?? 'it does not say why')
}

function saidIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined // not JSON: not from a hub
  }
}
