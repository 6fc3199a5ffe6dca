import type { Duplex } from 'node:stream'
import type { ChannelModel, Connection, Options } from 'amqplib'
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

/**
 * Gives a connection up at once. The client itself can only close it, which waits for an answer,
 * and leaves the socket of a broker that has not been heard of for long.
 */
export function destroyConnection({ connection }: ChannelModel): void {
  const { stream } = connection as Connection & { readonly stream: Duplex }
  stream.destroy(new Error('given up'))
}
