/** Where a RabbitMQ is, and who logs in there. */
export interface AmqpAddress {
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly vhost: string
}

/**
 * Reads `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps://` for TLS; all but the host may be
 * left out, and are then what RabbitMQ comes with.
 *
 * @returns undefined if it is no such URL
 */
export function parseAmqpUrl(text: string): AmqpAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const [, scheme] = /^(amqps?):$/.exec(url?.protocol ?? '') ?? []
  if (!url || !scheme || !url.hostname || url.search || url.hash) return undefined
  const [, vhost = '', ...more] = url.pathname.split('/')
  if (more.length > 0) return undefined
  const hasLogin = url.username !== '' || url.password !== ''
  const tls = scheme === 'amqps'
  try {
    return {
      tls,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port) || (tls ? 5671 : 5672),
      user: hasLogin ? decodeURIComponent(url.username) : 'guest',
      password: hasLogin ? decodeURIComponent(url.password) : 'guest',
      vhost: decodeURIComponent(vhost) || '/',
    }
  } catch {
    return undefined // a % that escapes nothing
  }
}
