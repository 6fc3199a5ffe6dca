import type { AddressInfo, Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { AccessList } from '../access/access-list.js'
import { Authority } from '../access/authority.js'
import { Activity } from '../activity.js'
import type { Channels } from '../channels.js'
import type { Config } from '../config/config.js'
import { noRequests, type ServerCounters } from '../counts.js'
import { BurstLog } from '../limits/burst-log.js'
import { ConnectionLimits } from '../limits/connection-limits.js'
import { LimitLog } from '../limits/limit-log.js'
import { type ConnectionRoom, connectionRoom } from '../limits/open-files.js'
import { PendingBytes } from '../limits/pending-bytes.js'
import { PublishRates } from '../limits/publish-rates.js'
import type { Credentials } from '../tls/credentials.js'
import type { SecureServer } from '../tls/secure-server.js'
import type { Upstream } from '../upstream.js'
import { ConnectionGate } from './connection-gate.js'
import { Connections } from './connections.js'
import type { ServerContext } from './context.js'
import { Listener } from './listener.js'
import { BACKLOG, cannotListen, urlOf } from './listening.js'
import { Policies } from './policy.js'
import { createSecureServer } from './secure-server.js'
import { createServer } from './server.js'

/** What the server has from its hub. */
export interface HttpServerOptions
  extends Pick<ServerContext, 'channels' | 'stats' | 'groupStats' | 'retry' | 'isStopping'> {
  readonly logger: Logger
  /** The time in ms. */
  readonly now: () => number
  /** Ms since some moment, whatever is done to the clock. */
  readonly elapsed: () => number
  /** What it has from elsewhere if it is a worker's. */
  readonly upstream: Upstream | undefined
}

/** Ms that publishes under way, then open sockets, are given when the server closes. */
const GRACE = 1500

/** The hub's side to the network: takes connections, by TLS if it is to, until it is closed. */
export class HttpServer {
  /** Publishes under way. */
  readonly publishes = new Activity<object>()
  readonly counters: ServerCounters
  readonly #config: Config
  readonly #channels: Channels
  readonly #logger: Logger
  readonly #upstream: Upstream | undefined
  readonly #room: ConnectionRoom
  readonly #gate: ConnectionGate
  readonly #streams = new Activity<Duplex>()
  readonly #context: ServerContext
  readonly #server: FastifyInstance
  /** What listens in the HTTP server's place, and talks TLS. */
  #secure: SecureServer | undefined
  #listener: Listener | undefined
  #address: AddressInfo | undefined
  /** What it was told to show last; perhaps before it listens. */
  #renewed: Credentials | undefined

  constructor(config: Config, options: HttpServerOptions) {
    const { channels, logger, now, elapsed, upstream } = options
    const { maxPendingBytes } = config.server
    this.#config = config
    this.#channels = channels
    this.#logger = logger
    this.#upstream = upstream
    this.counters = upstream?.counters ?? noRequests()
    this.#room = connectionRoom(config.server)
    this.#gate = new ConnectionGate(new ConnectionLimits({ ...config.server, ...this.#room }))
    const limitLog = new LimitLog(logger, elapsed)
    const trustedProxies = new AccessList(config.server.trustedProxies)
    this.#context = {
      ...options,
      config,
      counters: this.counters,
      publishes: this.publishes,
      streams: this.#streams,
      taken: new WeakSet<Socket>(),
      policies: new Policies(config),
      authority: new Authority(config.auth, { logger, now }),
      trustedProxies,
      connections: new Connections({
        gate: upstream?.gate ?? this.#gate,
        maxRefusals: this.#room.maxRefusals,
        trustedProxies,
        counters: this.counters,
        log: limitLog,
      }),
      limitLog,
      burstLog: new BurstLog(logger),
      rates: upstream
        ? undefined
        : new PublishRates(config.server, { now: elapsed, counters: this.counters, log: limitLog }),
      pending: new PendingBytes(maxPendingBytes, () => {
        this.counters.cutReaders += 1
        limitLog.tell('server.maxPendingBytes', 'the readers that have stalled longest are closed')
      }),
    }
    this.#server = createServer(this.#context)
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#gate.limits.total
  }

  /** The port that it takes connections at; undefined while it does not. */
  get port(): number | undefined {
    return this.#address?.port
  }

  /**
   * Listens; a worker's server takes what its primary does.
   *
   * @param credentials for TLS
   * @returns the URL
   * @throws {HubError} `ADDRESS_UNAVAILABLE`
   */
  async listen(credentials: Credentials | undefined): Promise<string> {
    const http = this.#server.server
    const shown = this.#renewed ?? credentials
    if (shown) this.#secure = createSecureServer(http, shown, this.#context)
    const secure = this.#secure?.server
    if (this.#upstream) {
      await this.#server.ready()
      return this.#upstream.begin(secure ?? http, this.#channels)
    }
    if (this.#room.warning) this.#logger.warn(this.#room.warning)
    this.#address = secure ? await this.#listenFor(secure) : await this.#listenPlainly()
    return urlOf(this.#address, secure !== undefined)
  }

  /** Shows another certificate from now on; connections that are open go on. */
  renew(credentials: Credentials): void {
    this.#renewed = credentials
    this.#secure?.renew(credentials)
  }

  /** Looks after the readers that do not read; to be called every second. */
  tick(): void {
    this.#context.pending.review()
  }

  /** Resolves when no publish is under way, or has been for too long. */
  settle(): Promise<void> {
    return this.publishes.settle(GRACE)
  }

  /** Takes no more, and resolves when all has ended; what has not after a while is cut off. */
  async close(): Promise<void> {
    const cutOff = setTimeout(() => this.#cutOff(), GRACE)
    try {
      this.#listener?.close()
      await Promise.all([this.#server.close(), this.#secure?.close(GRACE)])
      await this.#streams.settle(GRACE)
      await this.#upstream?.closed(GRACE)
    } finally {
      clearTimeout(cutOff)
    }
  }

  #cutOff(): void {
    this.#server.server.closeAllConnections()
    this.#secure?.closeAllConnections()
    for (const stream of this.#streams) stream.destroy()
  }

  async #listenPlainly(): Promise<AddressInfo> {
    const { port, bindIp: host } = this.#config.server
    try {
      await this.#server.listen({ port, host, backlog: BACKLOG, listenTextResolver: () => '' })
      return this.#server.server.address() as AddressInfo
    } catch (error) {
      throw cannotListen(host, port, error)
    }
  }

  async #listenFor(server: Server): Promise<AddressInfo> {
    const { port, bindIp: host } = this.#config.server
    await this.#server.ready()
    this.#listener = new Listener({ allowHalfOpen: true }, (socket) =>
      server.emit('connection', socket),
    )
    const address = await this.#listener.listen(port, host)
    server.emit('listening') // from then on timeouts of connections are watched
    return address
  }
}
