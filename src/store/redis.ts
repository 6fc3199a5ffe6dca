import { randomUUID } from 'node:crypto'
import { readCertificates } from '../config/certificates.js'
import type { Config } from '../config/config.js'
import { redisAddress } from '../config/redis-url.js'
import type { Snapshot } from '../event/entry.js'
import { RedisChannel } from './redis-channel.js'
import { RedisConnection } from './redis-connection.js'
import type { RedisContext } from './redis-context.js'
import { namesKey } from './redis-keys.js'
import {
  type Follower,
  NOBODY,
  type Store,
  type StoredChannel,
  type StoredChannelOptions,
} from './store.js'

export interface RedisStoreOptions {
  readonly now?: () => number
  /** A number from 0 up to 1. */
  readonly random?: () => number
  /** Told of trouble that nobody else is told of. */
  readonly report?: (message: string, cause?: unknown) => void
  /** Told of its end, and of histories that are taken over. */
  readonly inform?: (message: string) => void
  /** Ms from one look at whether what is published still arrives to the next. */
  readonly probeInterval?: number | undefined
}

/** Ms between two probes: what stalls in silence is noticed after two of them. */
const PROBE_INTERVAL = 5000

/** Each so many probes, all channels are compared with what Redis has. */
const PROBES_PER_CHECK = 6

/**
 * Keeps the histories of channels in Redis, which any number of hubs share: what one of them
 * appends, all of them are told. [ssehub]
 */
export class RedisStore implements Store {
  readonly connection: RedisConnection
  /** Its address, for people. */
  readonly place: string
  readonly #context: RedisContext
  readonly #probeInterval: number
  readonly #channels = new Set<RedisChannel>()
  readonly #probeChannel: string
  #probing: NodeJS.Timeout | undefined
  #probes = 0
  #isProbeUnanswered = false

  /** @throws {HubError} `INVALID_CONFIG` if the certificates cannot be read */
  constructor(config: Config['redis'], options: RedisStoreOptions = {}) {
    const { now = Date.now, random = Math.random } = options
    const { report = () => {}, inform = () => {} } = options
    const { prefix, sharded, window, expire } = config
    const address = redisAddress(config)
    this.place = `${address.nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}, keys ${prefix}:*`
    this.connection = new RedisConnection({
      address,
      ca: readCertificates(config.ca, 'redis.ca'),
      sharded,
      random,
      report,
      inform,
      onSubscribed: () => this.#catchUp(),
    })
    const { connection } = this
    this.#context = { connection, prefix, sharded, window, expire, now, report, inform }
    this.#probeInterval = options.probeInterval ?? PROBE_INTERVAL
    this.#probeChannel = `${prefix}:probe:${randomUUID()}`
  }

  async start(): Promise<void> {
    this.connection.listen(this.#probeChannel, () => {
      this.#isProbeUnanswered = false
    })
    await this.connection.start()
    this.#probing = setInterval(() => this.#probe(), this.#probeInterval)
  }

  async channels(): Promise<string[]> {
    return (await this.connection.call('SMEMBERS', namesKey(this.#context.prefix))) as string[]
  }

  async open(
    name: string,
    options: StoredChannelOptions,
    follower: Follower,
  ): Promise<StoredChannel> {
    const channel = new RedisChannel(name, options, this.#context, follower)
    channel.onClose = () => this.#channels.delete(channel)
    this.#channels.add(channel)
    await channel.open()
    return channel
  }

  /**
   * What is stored of a channel, without following it.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`, `STORE_FAILED`
   */
  read(name: string, options: StoredChannelOptions): Promise<Snapshot> {
    return new RedisChannel(name, options, this.#context, NOBODY).read(0)
  }

  async stop(): Promise<void> {
    clearInterval(this.#probing)
    for (const channel of this.#channels) channel.close()
    this.connection.stop()
  }

  /**
   * Asks for word from itself: if none comes, others are not heard either. Where Redis may not be
   * asked, or lets nobody listen, as a user who lacks the permission, what is new is read instead.
   */
  #probe(): void {
    if (!this.connection.isUp) {
      if (this.connection.isReachable) this.#catchUp()
      return
    }
    if (this.#isProbeUnanswered) {
      this.#context.report('redis does not tell what is published; subscribing anew')
      this.#isProbeUnanswered = false
      this.connection.resubscribe()
      return
    }
    this.#isProbeUnanswered = true
    this.connection.publish(this.#probeChannel, '').catch(() => {
      this.#isProbeUnanswered = false // that redis is away, or refuses, is told elsewhere
      if (this.connection.isReachable) this.#catchUp()
    })
    this.#probes += 1
    if (this.#probes % PROBES_PER_CHECK === 0) this.#catchUp()
  }

  #catchUp(): void {
    for (const channel of this.#channels) channel.catchUpSoon()
  }
}
