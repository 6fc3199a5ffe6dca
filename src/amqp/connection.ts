import type { Options, SocketOptions } from 'amqplib'
import type { AmqpAddress } from '../config/amqp-url.js'

/** Where a broker is, for people to read: its URL without the login. */
export function brokerUrl({ tls, host, port, vhost }: AmqpAddress): string {
  const name = host.includes(':') ? `[${host}]` : host
  const path = vhost === '/' ? '' : `/${encodeURIComponent(vhost)}`
  return `${tls ? 'amqps' : 'amqp'}://${name}:${port}${path}`
}

/** @param heartbeat seconds between heartbeats; 0 is none */
export function connectOptions(
  { tls, host, port, user, password, vhost }: AmqpAddress,
  heartbeat: number,
): Options.Connect {
  return {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: host,
    port,
    username: user,
    password,
    vhost: encodeURIComponent(vhost), // amqplib decodes it
    heartbeat,
  }
}

/** @param signal destroys the socket at once; amqplib hands it on to Node, though untyped */
export function socketOptions(
  signal: AbortSignal,
  options: SocketOptions,
): SocketOptions & { readonly signal: AbortSignal } {
  return { noDelay: true, keepAlive: true, ...options, signal }
}
