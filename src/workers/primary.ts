import type { LevelWithSilent, Logger } from 'pino'
import { Authority } from '../access/authority.js'
import type { CacheAdapter, Config } from '../config/config.js'
import type { HubError } from '../errors.js'
import { HubGroup } from '../hub-group.js'
import type { AmqpInput } from '../input/amqp-input.js'
import { makeAmqpInput } from '../input/inputs.js'
import { ConnectionLimits } from '../limits/connection-limits.js'
import { LimitLog } from '../limits/limit-log.js'
import { connectionRoom } from '../limits/open-files.js'
import { urlOf } from '../server/listening.js'
import { type Stats, statsOf } from '../stats.js'
import type { Store } from '../store/store.js'
import { makeStores, placesOf } from '../store/stores.js'
import { CertificateWatch } from '../tls/certificate-watch.js'
import type { Credentials } from '../tls/credentials.js'
import { Acceptor } from './acceptor.js'
import { Supervisor } from './supervisor.js'
import { Switchboard } from './switchboard.js'
import { WorkerProcess } from './worker-process.js'

export interface PrimaryOptions {
  readonly logger: Logger
  /** What workers log. */
  readonly logLevel: LevelWithSilent
  /** Told when workers keep ending, so that there is no hub any more. */
  readonly onFailure: (error: HubError) => void
}

/** Ms between two looks at workers and channels. */
const TICK = 1000

/** Ms that workers are given to tell their figures; less than other hubs wait for this one's. */
const PING_TIMEOUT = 250

/** A hub whose streams are held by workers: has the stores, the order of events, and the port. */
export class Primary {
  readonly #config: Config
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #switchboard: Switchboard
  readonly #supervisor: Supervisor<WorkerProcess>
  readonly #limits: ConnectionLimits
  readonly #acceptor: Acceptor
  readonly #amqp: AmqpInput | undefined
  readonly #group: HubGroup
  readonly #certificate: CertificateWatch | undefined
  #credentials: Credentials | undefined
  #url = ''
  #port: number | undefined
  #startedAt = performance.now()
  #ticking: NodeJS.Timeout | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(config: Config, { logger, logLevel, onFailure }: PrimaryOptions) {
    this.#config = config
    const random = Math.random
    const elapsed = () => performance.now()
    const limitLog = new LimitLog(logger, elapsed)
    new Authority(config.auth, { logger, now: Date.now }) // a bad key is not left to the workers
    this.#stores = makeStores(config, { logger, now: Date.now, random })
    this.#switchboard = new Switchboard(config, this.#stores, Date.now, limitLog, elapsed)
    this.#amqp = makeAmqpInput(config, { channels: this.#switchboard, logger, random })
    this.#supervisor = new Supervisor({
      workers: config.server.workers,
      fork: (number) => this.#fork(number, logLevel),
      logger,
      random,
      onFailure,
    })
    const room = connectionRoom(config.server)
    if (room.warning) logger.warn(room.warning)
    this.#limits = new ConnectionLimits({ ...config.server, ...room })
    this.#acceptor = new Acceptor(this.#supervisor)
    if (config.tls) {
      const onChange = (credentials: Credentials) => this.#renew(credentials)
      this.#certificate = new CertificateWatch(config.tls, { logger, onChange })
    }
    this.#group = new HubGroup(this.#stores, config.redis.prefix, {
      port: () => this.#port,
      stats: () => this.#stats(),
      adapterOf: (name) => this.#switchboard.adapterOf(name),
    })
  }

  /** Where histories outlive the process, as in `leveldb: FOLDER`. */
  get histories(): string[] {
    return placesOf(this.#stores.values())
  }

  /**
   * Opens the stores and the channels, listens, and starts the workers.
   *
   * @returns the URL that it listens on, when all workers are up
   * @throws {HubError} `STORE_LOCKED`, `STORE_FAILED`, `ADDRESS_UNAVAILABLE`, `WORKER_FAILED`;
   *   `INVALID_CONFIG` if its certificate is no good
   */
  async start(): Promise<string> {
    this.#starting = this.#start()
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw error
    }
    return this.#url
  }

  async #start(): Promise<void> {
    const { port, bindIp } = this.#config.server
    this.#credentials = await this.#certificate?.start()
    for (const store of this.#stores.values()) await store.start()
    await this.#switchboard.start()
    const address = await this.#acceptor.bind(bindIp, port)
    this.#port = address.port
    this.#url = urlOf(address, this.#credentials !== undefined)
    this.#ticking = setInterval(() => this.#tick(), TICK)
    await this.#supervisor.start()
    await this.#amqp?.start()
    this.#startedAt = performance.now()
  }

  /** Reads its certificate and key again, if it has them; a pair that is no good changes nothing. */
  async reload(): Promise<void> {
    await this.#certificate?.reload()
  }

  /** Does for all workers what `Hub.stop` does for one hub. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    await this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => {}) // who started it is told
    clearInterval(this.#ticking)
    this.#certificate?.stop()
    await Promise.all([this.#supervisor.settle(), this.#amqp?.stop()])
    this.#acceptor.close()
    await this.#supervisor.stop()
    for (const store of this.#stores.values()) await store.stop()
  }

  #fork(number: number, logLevel: LevelWithSilent): WorkerProcess {
    const settings = {
      worker: number,
      config: this.#config,
      logLevel,
      url: this.#url,
      credentials: this.#credentials,
    }
    const figures = { stats: () => this.#stats(), groupStats: () => this.#group.stats() }
    const worker = new WorkerProcess(settings, this.#switchboard, figures, this.#limits)
    worker.onChange = () => this.#acceptor.balance()
    return worker
  }

  #renew(credentials: Credentials): void {
    this.#credentials = credentials
    for (const worker of this.#supervisor) worker.renew(credentials)
  }

  #tick(): void {
    this.#switchboard.tick()
    this.#supervisor.tick()
    this.#acceptor.balance()
  }

  async #stats(): Promise<Stats> {
    await this.#supervisor.ping(PING_TIMEOUT)
    return statsOf({
      listed: this.#switchboard.listed(),
      all: this.#switchboard.all(),
      requests: this.#switchboard.requests,
      connections: this.#limits.total,
      removedIdle: this.#switchboard.removedIdle,
      uptime: performance.now() - this.#startedAt,
      amqp: this.#amqp?.stats(),
    })
  }
}
