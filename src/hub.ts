import type { AddressInfo, Server, Socket } from 'node:net'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import { AccessList } from './access/access-list.js'
import { Authority } from './access/authority.js'
import { checkChannelName } from './channel/name.js'
import { Channels, type Published } from './channels.js'
import type { NewEvent } from './client/publish.js'
import type { CacheAdapter, Config } from './config/config.js'
import { HubError, messageOf } from './errors.js'
import { checkEventSize, parseEvent } from './event/parse.js'
import { type GroupStats, groupStats, type HubStats, isHubStats } from './group-stats.js'
import type { AmqpInput } from './input/amqp-input.js'
import { makeAmqpInput } from './input/inputs.js'
import { ConnectionLimits } from './limits/connection-limits.js'
import { LimitLog } from './limits/limit-log.js'
import { type ConnectionRoom, connectionRoom } from './limits/open-files.js'
import { PendingBytes } from './limits/pending-bytes.js'
import { RateLimiter } from './limits/rate-limiter.js'
import { Activity } from './server/activity.js'
import { ConnectionGate } from './server/connection-gate.js'
import { Connections } from './server/connections.js'
import type { ServerContext } from './server/context.js'
import { Listener } from './server/listener.js'
import { BACKLOG, cannotListen, urlOf } from './server/listening.js'
import { Policies } from './server/policy.js'
import { createServer, secureServer } from './server/server.js'
import { noRequests, type ServerCounters, type Stats, statsOf } from './stats.js'
import { RedisStore } from './store/redis.js'
import { RedisGroup } from './store/redis-group.js'
import type { Store } from './store/store.js'
import { makeStores, placesOf } from './store/stores.js'
import { CertificateWatch } from './tls/certificate-watch.js'
import type { Credentials } from './tls/credentials.js'
import type { SecureServer } from './tls/secure-server.js'
import type { Upstream } from './upstream.js'

/** What can be handed to a hub in place of the real thing. */
export interface HubOptions {
  /** Where it logs to; by default nowhere. */
  readonly logger?: Logger
  /** The time in ms. */
  readonly now?: () => number
  /** A number from 0 up to 1. */
  readonly random?: () => number
  /** Ms between two looks at whether Redis still tells what is published. */
  readonly probeInterval?: number
  /** Ms between two requests for the keys of tokens at least. */
  readonly keyCoolDown?: number
}

/** Ms between two looks at who is to be pinged or closed. */
const TICK = 1000

/** Ms that a client is told to wait before it comes back to a hub that restarts. */
const RETRY = { from: 1000, to: 5000 }

/** Ms that publishes under way, then open sockets, are given when the hub stops. */
const GRACE = 1500

/** A hub: its stores, its channels and its HTTP server. */
export class Hub {
  readonly #config: Config
  readonly #logger: Logger
  readonly #now: () => number
  readonly #random: () => number
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #channels: Channels
  readonly #group: RedisGroup | undefined
  readonly #context: ServerContext
  readonly #server: FastifyInstance
  readonly #amqp: AmqpInput | undefined
  readonly #upstream: Upstream | undefined
  readonly #counters: ServerCounters
  readonly #publishes = new Activity<object>()
  readonly #streams = new Activity<Duplex>()
  readonly #room: ConnectionRoom
  readonly #gate: ConnectionGate
  readonly #certificate: CertificateWatch | undefined
  /** What listens in the HTTP server's place, and talks TLS. */
  #secure: SecureServer | undefined
  #listener: Listener | undefined
  #startedAt: number
  #address: AddressInfo | undefined
  #url: string | undefined
  #starting: Promise<void> | undefined
  #ticking: NodeJS.Timeout | undefined
  #stopping: Promise<void> | undefined

  /** @param upstream what it has from elsewhere if it is a worker */
  constructor(config: Config, options: HubOptions = {}, upstream?: Upstream) {
    this.#config = config
    this.#logger = options.logger ?? pino({ level: 'silent' })
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? Math.random
    this.#startedAt = this.#now()
    this.#upstream = upstream
    this.#counters = upstream?.counters ?? noRequests()
    this.#stores =
      upstream?.stores ??
      makeStores(config, {
        logger: this.#logger,
        now: this.#now,
        random: this.#random,
        probeInterval: options.probeInterval,
      })
    const log = new LimitLog(this.#logger, this.#now)
    this.#room = connectionRoom(config.server)
    this.#gate = new ConnectionGate(new ConnectionLimits({ ...config.server, ...this.#room }))
    const trustedProxies = new AccessList(config.server.trustedProxies)
    const connections = new Connections({
      gate: upstream ?? this.#gate,
      maxRefusals: this.#room.maxRefusals,
      trustedProxies,
      counters: this.#counters,
      log,
    })
    const pending = new PendingBytes(config.server.maxPendingBytes, () => {
      this.#counters.cutReaders += 1
      log.tell('server.maxPendingBytes', 'the readers that have stalled longest are closed')
    })
    this.#channels = new Channels(config, this.#stores, this.#now, {
      isLazy: upstream !== undefined,
      onCount: (channel) => upstream?.count(channel),
    })
    if (!upstream) {
      this.#amqp = makeAmqpInput(config, {
        channels: this.#channels,
        logger: this.#logger,
        random: this.#random,
      })
    }
    if (config.tls && !upstream) {
      const onChange = (credentials: Credentials) => this.renew(credentials)
      this.#certificate = new CertificateWatch(config.tls, { logger: this.#logger, onChange })
    }
    const redis = this.#stores.get('redis')
    if (redis instanceof RedisStore) {
      const { prefix } = config.redis
      this.#group = new RedisGroup(redis.connection, prefix, async () => this.#hubStats())
    }
    this.#context = {
      config,
      channels: this.#channels,
      policies: new Policies(config),
      trustedProxies,
      connections,
      pending,
      limitLog: log,
      rates: {
        perIp: new RateLimiter(config.server.publishRatePerIp, this.#now),
        perKey: new RateLimiter(config.server.publishRatePerKey, this.#now),
      },
      authority: new Authority(config.auth, {
        logger: this.#logger,
        now: this.#now,
        coolDown: options.keyCoolDown,
      }),
      logger: this.#logger,
      counters: this.#counters,
      taken: new WeakSet<Socket>(),
      streams: this.#streams,
      publishes: this.#publishes,
      stats: async () => upstream?.stats() ?? this.stats(),
      groupStats: () => upstream?.groupStats() ?? this.groupStats(),
      retry: () => this.#retry(),
      isStopping: () => this.#stopping !== undefined,
    }
    this.#server = createServer(this.#context)
  }

  /**
   * Opens the stores and the channels, then listens.
   *
   * @returns the URL that it listens on
   * @throws {HubError} `STORE_LOCKED`, `STORE_FAILED`, `ADDRESS_UNAVAILABLE`
   */
  async start(): Promise<string> {
    if (this.#starting || this.#stopping) {
      throw new HubError('HUB_STOPPING', 'a hub starts once; make another with createHub')
    }
    this.#starting = this.#start()
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw error
    }
    return this.url
  }

  async #start(): Promise<void> {
    if (!this.#upstream && this.#room.warning) this.#logger.warn(this.#room.warning)
    const { port, bindIp } = this.#config.server
    const credentials = this.#upstream?.credentials ?? (await this.#certificate?.start())
    if (credentials) {
      this.#secure = secureServer(this.#server.server, credentials, this.#context)
    }
    for (const store of this.#stores.values()) await store.start()
    await this.#channels.start()
    this.#url = await this.#listen(port, bindIp)
    await this.#amqp?.start()
    this.#startedAt = this.#now()
    this.#ticking = setInterval(() => this.#channels.tick(), TICK)
  }

  /**
   * The URL that it listens on.
   *
   * @throws {HubError} `ADDRESS_UNAVAILABLE` while it does not
   */
  get url(): string {
    if (this.#url === undefined) {
      throw new HubError('ADDRESS_UNAVAILABLE', 'the hub does not listen')
    }
    return this.#url
  }

  /** Reads its certificate and key again, if it has them; a pair that is no good changes nothing. */
  async reload(): Promise<void> {
    await this.#certificate?.reload()
  }

  /** Shows another certificate from now on; connections that are open go on. */
  renew(credentials: Credentials): void {
    this.#secure?.renew(credentials)
  }

  /** Where histories outlive the process, as in `leveldb: FOLDER`. */
  get histories(): string[] {
    return placesOf(this.#stores.values())
  }

  /**
   * Publishes as `POST /CHANNEL` does, whoever asks; `data` that is not text goes as JSON.
   *
   * @throws {HubError} `INVALID_CHANNEL`, `UNKNOWN_CHANNEL`, `INVALID_EVENT`, `STORE_FAILED`
   */
  async publish(channel: string, event: NewEvent): Promise<Published> {
    checkChannelName(channel)
    this.#channels.admit(channel)
    if (this.#stopping) throw new HubError('HUB_STOPPING', 'the hub is stopping')
    const json = jsonOf(event)
    checkEventSize(Buffer.byteLength(json), this.#config.server.maxEventBytes)
    const checked = parseEvent(json)
    this.#publishes.begin(checked)
    try {
      return await this.#channels.publish(channel, checked)
    } finally {
      this.#publishes.end(checked)
    }
  }

  /** What `GET /stats` answers. */
  stats(): Stats {
    return statsOf({
      listed: this.#channels,
      all: this.#channels.counted(),
      requests: this.#counters,
      connections: this.#gate.limits.total,
      removedIdle: this.#channels.removedIdle,
      uptime: this.#uptime,
      amqp: this.#amqp?.stats(),
    })
  }

  /**
   * What `GET /stats?scope=cluster` answers: the figures of all hubs that share its Redis.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`
   */
  async groupStats(): Promise<GroupStats> {
    if (!this.#group) return groupStats([this.#hubStats()], 0)
    const { answers, missing } = await this.#group.ask()
    return groupStats(answers.filter(isHubStats), missing)
  }

  #hubStats(): HubStats {
    const shared = [...this.#channels]
      .map(({ name }) => name)
      .filter((name) => this.#channels.adapterOf(name) === 'redis')
    return { hub: `${hostname()}:${this.#address?.port}`, shared, ...this.stats() }
  }

  /**
   * Takes no more, finishes publishes under way, ends all streams with what there still is for
   * them and a `retry`, closes the stores. What has not ended by itself after a while is cut off.
   */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    await this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => {}) // who started it is told
    this.#url = undefined
    clearInterval(this.#ticking)
    this.#certificate?.stop()
    await Promise.all([this.#publishes.settle(GRACE), this.#amqp?.stop()])
    await this.#upstream?.settled()
    this.#channels.end(() => this.#retry())
    const cutOff = setTimeout(() => this.#cutOff(), GRACE)
    try {
      this.#listener?.close()
      await Promise.all([this.#server.close(), this.#secure?.close(GRACE)])
      await this.#streams.settle(GRACE)
      await this.#upstream?.closed(GRACE)
    } finally {
      clearTimeout(cutOff)
      for (const store of this.#stores.values()) await store.stop()
    }
  }

  #cutOff(): void {
    this.#server.server.closeAllConnections()
    this.#secure?.closeAllConnections()
    for (const socket of this.#streams) socket.destroy()
  }

  async #listen(port: number, host: string): Promise<string> {
    const secure = this.#secure?.server
    if (this.#upstream) {
      await this.#server.ready()
      return this.#upstream.begin(secure ?? this.#server.server, this.#channels)
    }
    this.#address = secure
      ? await this.#listenFor(secure, port, host)
      : await this.#listenPlainly(port, host)
    return urlOf(this.#address, secure !== undefined)
  }

  async #listenPlainly(port: number, host: string): Promise<AddressInfo> {
    try {
      await this.#server.listen({ port, host, backlog: BACKLOG, listenTextResolver: () => '' })
      return this.#server.server.address() as AddressInfo
    } catch (error) {
      throw cannotListen(host, port, error)
    }
  }

  async #listenFor(server: Server, port: number, host: string): Promise<AddressInfo> {
    await this.#server.ready()
    this.#listener = new Listener({ allowHalfOpen: true }, (socket) =>
      server.emit('connection', socket),
    )
    const address = await this.#listener.listen(port, host)
    server.emit('listening') // from then on timeouts of connections are watched
    return address
  }

  get #uptime(): number {
    return this.#now() - this.#startedAt
  }

  #retry(): number {
    return RETRY.from + this.#random() * (RETRY.to - RETRY.from)
  }
}

function jsonOf(event: unknown): string {
  try {
    return JSON.stringify(event)
  } catch (error) {
    throw new HubError('INVALID_EVENT', `invalid event: ${messageOf(error)}`, { cause: error })
  }
}

/** Makes a hub from a configuration; it starts when told to. */
export function createHub(config: Config, options?: HubOptions): Hub {
  return new Hub(config, options)
}
