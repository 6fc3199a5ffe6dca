import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { backoff } from '../backoff.js'
import type { RedisAddress } from '../config/redis-url.js'

export interface RedisClientOptions {
  readonly address: RedisAddress
  /** Certificates that the server is trusted by, in PEM. */
  readonly ca: string | undefined
  /** Whether publish/subscribe is sharded. */
  readonly sharded: boolean
  /** A number from 0 up to 1. */
  readonly random: () => number
}

type Options = Omit<RedisOptions, 'replyMapping'>

/** Ms that a command waits for its reply. */
export const COMMAND_TIMEOUT = 2000

/** What all connections have in common. */
function commonOptions({ address, ca }: RedisClientOptions): Options {
  const { user, password, tls, db } = address
  return {
    db,
    ...(user && { username: user }),
    ...(password && { password }),
    ...(tls && { tls: ca === undefined ? {} : { ca } }),
    connectTimeout: COMMAND_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    lazyConnect: true,
  }
}

function placeOf({ address, ca, random }: RedisClientOptions): Options {
  const [node] = address.nodes
  if (address.kind !== 'sentinel') return { ...node }
  return {
    sentinels: [...address.nodes],
    name: address.name ?? '',
    sentinelCommandTimeout: COMMAND_TIMEOUT,
    sentinelRetryStrategy: (times) => reconnectDelay(times - 1, random),
    ...(address.tls && {
      enableTLSForSentinelMode: true,
      sentinelTLS: ca === undefined ? {} : { ca },
    }),
  }
}

/** Ms until the next try to connect; the first come soon, for most outages are short. */
export function reconnectDelay(failures: number, random: () => number): number {
  return backoff(failures, { first: 100, max: 5000, random })
}

/** The connection for commands. */
export function makeClient(options: RedisClientOptions): Redis | Cluster {
  const { address, random, sharded } = options
  const retryStrategy = (times: number) => reconnectDelay(times - 1, random)
  const common = commonOptions(options)
  if (address.kind !== 'cluster') {
    return new Redis({ ...common, ...placeOf(options), retryStrategy, enableAutoPipelining: true })
  }
  const { db: _, enableOfflineQueue: __, lazyConnect: ___, ...redisOptions } = common
  return new Cluster([...address.nodes], {
    redisOptions,
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue: false,
    lazyConnect: true,
    slotsRefreshTimeout: COMMAND_TIMEOUT,
    shardedSubscribers: sharded,
  })
}

/** A connection for subscribing: in a cluster, where any node tells all, to one of its nodes. */
export function openSubscriber(
  options: RedisClientOptions,
  client: Redis | Cluster,
): Redis | Cluster | undefined {
  const settings = { ...commonOptions(options), retryStrategy: () => null }
  if (client instanceof Redis) {
    return new Redis({ ...settings, ...placeOf(options), sentinelRetryStrategy: () => null })
  }
  if (options.sharded) return client
  const nodes = client.nodes('master')
  const { host, port } = nodes[Math.floor(options.random() * nodes.length)]?.options ?? {}
  return host && port ? new Redis({ ...settings, host, port }) : undefined
}

/** Whether it is an answer of the server, which is there then. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
