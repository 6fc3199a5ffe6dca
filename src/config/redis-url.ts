/** Where a Redis is, as its URL says. */
export interface RedisAddress {
  /** One server; or sentinels, who know which server it is; or some nodes of a cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly tls: boolean
  readonly user: string | undefined
  readonly password: string | undefined
  /** The name that the sentinels know the server by. */
  readonly name: string | undefined
  /** The number of the database. */
  readonly db: number
}

const URL_FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/

const NODE_FORM = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i

const DEFAULT_PORT = { single: 6379, sentinel: 26_379, cluster: 6379 } as const

/**
 * Reads `redis://USER:PASSWORD@HOST:PORT/DB`, `redis+sentinel://USER:PASSWORD@HOST,HOST/NAME/DB` or
 * `redis+cluster://USER:PASSWORD@HOST,HOST`; all with `rediss` for TLS, all but hosts and NAME
 * may be left out.
 *
 * @returns undefined if it is no such URL
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [, scheme, form = 'single', login = '', hosts = '', path = ''] = URL_FORM.exec(text) ?? []
  if (!scheme) return undefined
  const kind = form as RedisAddress['kind']
  const nodes = hosts.split(',').map((host) => parseNode(host, DEFAULT_PORT[kind]))
  const steps = path === '' ? [] : path.split('/')
  const name = kind === 'sentinel' ? steps.shift() : undefined
  const [db = '0', ...more] = steps
  const [user = '', ...password] = login.split(':')
  const isWhole =
    nodes.every((node) => node !== undefined) &&
    (kind !== 'single' || nodes.length === 1) &&
    (kind !== 'sentinel' || Boolean(name)) &&
    (kind !== 'cluster' || db === '0') &&
    /^\d{1,5}$/.test(db) &&
    more.length === 0
  if (!isWhole) return undefined
  try {
    return {
      kind,
      nodes,
      tls: scheme === 'rediss',
      user: decodeURIComponent(user) || undefined,
      password: decodeURIComponent(password.join(':')) || undefined,
      name: name && decodeURIComponent(name),
      db: Number(db),
    }
  } catch {
    return undefined // a % that escapes nothing
  }
}

/** Where the configuration says that Redis is: its `url`, or else the original's `host` and `port`. */
export function redisAddress(config: {
  readonly url?: string | undefined
  readonly host: string
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly tls: boolean
}): RedisAddress {
  const { url, host, port, user, password, tls } = config
  const address = url === undefined ? undefined : parseRedisUrl(url)
  if (address) return { ...address, tls: address.tls || tls }
  return {
    kind: 'single',
    nodes: [{ host, port }],
    tls,
    user: user || undefined,
    password: password || undefined,
    name: undefined,
    db: 0,
  }
}

function parseNode(text: string, defaultPort: number): RedisAddress['nodes'][number] | undefined {
  const [whole, ipv6, name, port] = NODE_FORM.exec(text) ?? []
  const host = ipv6 ?? name
  const number = port === undefined ? defaultPort : Number(port)
  return whole && host && number > 0 && number < 65_536 ? { host, port: number } : undefined
}
