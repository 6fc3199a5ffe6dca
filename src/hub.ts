import { type Logger, pino } from 'pino'
import { checkChannelName } from './channel/name.js'
import { Channels, type Published } from './channels.js'
import type { CacheAdapter, Config } from './config/config.js'
import { HubError } from './errors.js'
import { eventJson, type NewEvent } from './event/new-event.js'
import { checkEventSize, parseEvent } from './event/parse.js'
import type { GroupStats } from './group-stats.js'
import { HubGroup } from './hub-group.js'
import type { AmqpInput } from './input/amqp-input.js'
import { makeAmqpInput } from './input/inputs.js'
import { HttpServer } from './server/http-server.js'
import { type Stats, statsOf } from './stats.js'
import type { Store } from './store/store.js'
import { makeStores, placesOf } from './store/stores.js'
import { CertificateWatch } from './tls/certificate-watch.js'
import type { Credentials } from './tls/credentials.js'
import type { Upstream } from './upstream.js'

/** What can be handed to a hub in place of the real thing. */
export interface HubOptions {
  /** Where it logs to; by default nowhere. */
  readonly logger?: Logger
  /** The time in ms. */
  readonly now?: () => number
  /** Ms since some moment, whatever is done to the clock; where `now` is given, it is that. */
  readonly elapsed?: () => number
  /** A number from 0 up to 1. */
  readonly random?: () => number
  /** Ms between two looks at whether Redis still tells what is published. */
  readonly probeInterval?: number
}

/** Ms between two looks at who is to be pinged or closed. */
const TICK = 1000

/** Ms that a client is told to wait before it comes back to a hub that restarts. */
const RETRY = { from: 1000, to: 5000 }

/** A hub: its stores, its channels, what feeds them, and its HTTP server. */
export class Hub {
  readonly #config: Config
  readonly #elapsed: () => number
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #channels: Channels
  readonly #group: HubGroup
  readonly #server: HttpServer
  readonly #amqp: AmqpInput | undefined
  readonly #upstream: Upstream | undefined
  readonly #certificate: CertificateWatch | undefined
  /** Ms that a client is to wait before it comes back. */
  readonly #retry: () => number
  #startedAt: number
  #url: string | undefined
  #starting: Promise<void> | undefined
  #ticking: NodeJS.Timeout | undefined
  #stopping: Promise<void> | undefined

  /** @param upstream what it has from elsewhere if it is a worker */
  constructor(config: Config, options: HubOptions = {}, upstream?: Upstream) {
    const { logger = pino({ level: 'silent' }), now = Date.now, random = Math.random } = options
    const { probeInterval, elapsed = options.now ?? monotonic } = options
    this.#config = config
    this.#elapsed = elapsed
    this.#startedAt = elapsed()
    this.#upstream = upstream
    this.#stores = upstream?.stores ?? makeStores(config, { logger, now, random, probeInterval })
    this.#channels = new Channels(config, this.#stores, now, {
      isLazy: upstream !== undefined,
      elapsed,
      onCount: (channel) => upstream?.count(channel),
    })
    if (!upstream) {
      this.#amqp = makeAmqpInput(config, { channels: this.#channels, logger, random })
      const onChange = (credentials: Credentials) => this.renew(credentials)
      if (config.tls) this.#certificate = new CertificateWatch(config.tls, { logger, onChange })
    }
    this.#group = new HubGroup(this.#stores, config.redis.prefix, {
      port: () => this.#server.port,
      stats: () => this.stats(),
      adapterOf: (name) => this.#channels.adapterOf(name),
    })
    this.#retry = () => RETRY.from + random() * (RETRY.to - RETRY.from)
    this.#server = new HttpServer(config, {
      channels: this.#channels,
      logger,
      now,
      elapsed,
      upstream,
      stats: async () => upstream?.stats() ?? this.stats(),
      groupStats: () => upstream?.groupStats() ?? this.groupStats(),
      retry: this.#retry,
      isStopping: () => this.#stopping !== undefined,
    })
  }

  /**
   * Opens the stores and the channels, then listens.
   *
   * @returns the URL that it listens on
   * @throws {HubError} `STORE_LOCKED`, `STORE_FAILED`, `ADDRESS_UNAVAILABLE`; `INVALID_CONFIG` if its
   *   certificate is no good; `HUB_STOPPING` if it was started, or stopped, before
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
    const credentials = this.#upstream?.credentials ?? (await this.#certificate?.start())
    for (const store of this.#stores.values()) await store.start()
    await this.#channels.start()
    this.#url = await this.#server.listen(credentials)
    await this.#amqp?.start()
    this.#startedAt = this.#elapsed()
    this.#ticking = setInterval(() => {
      this.#channels.tick()
      this.#server.tick()
    }, TICK)
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
    this.#server.renew(credentials)
  }

  /** Where histories outlive the process, as in `leveldb: FOLDER`. */
  get histories(): string[] {
    return placesOf(this.#stores.values())
  }

  /**
   * Publishes as `POST /CHANNEL` does, whoever asks; `data` that is not text goes as JSON.
   *
   * @throws {HubError} `INVALID_CHANNEL`, `UNKNOWN_CHANNEL`, `TOO_MANY_CHANNELS`; `INVALID_EVENT`,
   *   `EVENT_TOO_LARGE`; `STORE_FAILED`, `STORE_UNAVAILABLE`; `HUB_STOPPING`
   */
  async publish(channel: string, event: NewEvent): Promise<Published> {
    checkChannelName(channel)
    this.#channels.admit(channel)
    if (this.#stopping) throw new HubError('HUB_STOPPING', 'the hub is stopping')
    const json = eventJson(event)
    checkEventSize(Buffer.byteLength(json), this.#config.server.maxEventBytes)
    const checked = parseEvent(json)
    this.#server.publishes.begin(checked)
    try {
      return await this.#channels.publish(channel, checked)
    } finally {
      this.#server.publishes.end(checked)
    }
  }

  /** What `GET /stats` answers. */
  stats(): Stats {
    return statsOf({
      listed: this.#channels,
      all: this.#channels.counted(),
      requests: this.#server.counters,
      connections: this.#server.connections,
      removedIdle: this.#channels.removedIdle,
      uptime: this.#uptime,
      amqp: this.#amqp?.stats(),
    })
  }

  /**
   * What `GET /stats?scope=cluster` answers: the figures of all hubs that share its Redis.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`; `ADDRESS_UNAVAILABLE` while it does not listen
   */
  groupStats(): Promise<GroupStats> {
    return this.#group.stats()
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
    await Promise.all([this.#server.settle(), this.#amqp?.stop()])
    await this.#upstream?.settled()
    this.#channels.end(this.#retry)
    try {
      await this.#server.close()
    } finally {
      for (const store of this.#stores.values()) await store.stop()
    }
  }

  get #uptime(): number {
    return this.#elapsed() - this.#startedAt
  }
}

function monotonic(): number {
  return performance.now()
}

/**
 * Makes a hub from a configuration; it starts when told to.
 *
 * @throws {HubError} `INVALID_CONFIG` if a file of keys or certificates that it names is no good
 */
export function createHub(config: Config, options?: HubOptions): Hub {
  return new Hub(config, options)
}
