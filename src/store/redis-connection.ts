import { Cluster, type Redis } from 'ioredis'
import { HubError, messageOf } from '../errors.js'
import {
  COMMAND_TIMEOUT,
  isReply,
  makeClient,
  openSubscriber,
  type RedisClientOptions,
} from './redis-client.js'
import type { Script } from './redis-scripts.js'
import { type RedisListener, RedisSubscriber } from './redis-subscriber.js'

export interface RedisConnectionOptions extends RedisClientOptions {
  /** Called each time that all channels are subscribed to, after whatever may have been missed. */
  readonly onSubscribed: () => void
  /** Told when the server goes away, and what it refuses. */
  readonly report: (message: string, cause?: unknown) => void
  /** Told when it is back. */
  readonly inform: (message: string) => void
}

/** Ms that a command is tried again for, while the server is away. */
const RETRY_FOR = 3000

/** Ms between two tries. */
const PAUSE = 50

/** Ms between two connections that are made because the server may only be read. */
const SWITCH_INTERVAL = 1000

/** Ms in which a refusal of a kind is told once, however often it comes. */
const SILENCE = 60_000

/** What a server says that will soon be over, or that another server is to be asked. */
const PASSING = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|UNBLOCKED)\b/

/**
 * Redis as a store needs it, one server, one found by sentinels, or a cluster: the only place,
 * with its subscriber, that knows the client library.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions
  readonly #client: Redis | Cluster
  readonly #subscriber: RedisSubscriber
  #isReady = false
  /** Since when it is not, in ms. */
  #downSince = performance.now()
  #lastError: unknown
  #switchedAt = Number.NEGATIVE_INFINITY
  /** When refusals were told, by their first word, as in `OOM`. */
  readonly #refusedAt = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #isStopped = false
  /** Resolves when the first attempt to connect has come to something. */
  readonly #firstAttempt: Promise<void>
  #endFirstAttempt: () => void = () => {}

  constructor(options: RedisConnectionOptions) {
    this.#options = options
    this.#firstAttempt = new Promise((resolve) => {
      this.#endFirstAttempt = resolve
    })
    this.#client = makeClient(options)
    this.#client.on('error', (error: unknown) => this.#down(error))
    this.#client.on('close', () => this.#down(undefined))
    this.#client.on('ready', () => this.#up())
    this.#subscriber = new RedisSubscriber({
      ...options,
      isSharded: options.sharded,
      open: () => openSubscriber(options, this.#client),
    })
  }

  /** Resolves when it is connected, or when that has failed once; it goes on trying then. */
  async start(): Promise<void> {
    this.#client.connect().catch(() => {}) // 'error' tells
    await Promise.race([this.#firstAttempt, this.#pause(COMMAND_TIMEOUT)])
    this.#subscriber.start()
    if (this.#isReady) await this.#subscriber.ready(COMMAND_TIMEOUT)
  }

  /** Whether it takes commands. */
  get isReachable(): boolean {
    return this.#isReady
  }

  /** Whether it tells, too, what is published. */
  get isUp(): boolean {
    return this.#isReady && this.#subscriber.isReady
  }

  /**
   * Runs a script, again where the server went away before it replied: it has to bear with that.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`
   */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#persist(async () => {
      try {
        return await this.#client.evalsha(script.sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!messageOf(error).includes('NOSCRIPT')) throw error
        return await this.#client.eval(script.source, keys.length, ...keys, ...args)
      }
    })
  }

  /**
   * Sends a command that may be sent more than once.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`
   */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#persist(() => this.#client.call(command, ...args))
  }

  /**
   * Listens to a publish/subscribe channel from now on.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`
   */
  subscribe(channel: string, listener: RedisListener): Promise<void> {
    return this.#persist(() => this.#subscriber.subscribe(channel, listener))
  }

  /** Listens to a publish/subscribe channel whenever that is possible. */
  listen(channel: string, listener: RedisListener): void {
    this.#subscriber.listen(channel, listener)
  }

  /**
   * Tells all who listen.
   *
   * @returns how many those are; in a cluster it is not known
   * @throws {HubError} `STORE_UNAVAILABLE`
   */
  async publish(channel: string, text: string): Promise<number | undefined> {
    const { sharded, address } = this.#options
    const count = await this.call(sharded ? 'SPUBLISH' : 'PUBLISH', channel, text)
    return address.kind === 'cluster' ? undefined : Number(count)
  }

  unsubscribe(channel: string): void {
    this.#subscriber.unsubscribe(channel)
  }

  /** Subscribes anew, to be used when nothing arrives that should. */
  resubscribe(): void {
    this.#subscriber.reconnect()
  }

  stop(): void {
    this.#isStopped = true
    this.#subscriber.stop()
    this.#client.disconnect()
    this.#wake()
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const until = performance.now() + RETRY_FOR
    for (;;) {
      try {
        await this.#ready()
        return await attempt()
      } catch (error) {
        this.#reconnectAfter(error)
        const isPassing = !isReply(error) || PASSING.test(error.message)
        const isOver = performance.now() + PAUSE > until || this.#isGivenUp || this.#isStopped
        if (!isPassing || isOver) {
          if (isReply(error)) this.#tellRefusal(error)
          throw failure(error)
        }
        await this.#pause(PAUSE)
      }
    }
  }

  /** @throws if it does not become ready soon */
  async #ready(): Promise<void> {
    while (!this.#isReady) {
      const patience = this.#downSince + RETRY_FOR - performance.now()
      if (patience <= 0 || this.#isStopped) {
        throw new Error(`it cannot be reached: ${withoutPlace(this.#lastError)}`)
      }
      await this.#pause(patience)
    }
  }

  /** Whether it has been away for so long that nobody is to wait for it. */
  get #isGivenUp(): boolean {
    return !this.#isReady && performance.now() - this.#downSince > RETRY_FOR
  }

  /** Resolves after so many ms, or when it becomes ready. */
  async #pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    let wake = () => {}
    await new Promise<void>((resolve) => {
      wake = resolve
      timer = setTimeout(resolve, milliseconds)
      this.#waiting.add(wake)
    })
    clearTimeout(timer)
    this.#waiting.delete(wake)
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** What hangs is connected anew; sentinels are asked for a server that may be written to. */
  #reconnectAfter(error: unknown): void {
    if (!this.#isReady || this.#client instanceof Cluster) return
    if (isReply(error)) {
      const isReplica = error.message.includes('READONLY')
      if (!isReplica || this.#options.address.kind !== 'sentinel') return
      if (performance.now() - this.#switchedAt < SWITCH_INTERVAL) return
      this.#switchedAt = performance.now()
    } else if (messageOf(error) !== 'Command timed out') {
      return
    }
    this.#down(error)
    this.#client.disconnect(true)
  }

  /** That commands fail while the server is there is not told by its connections. */
  #tellRefusal(error: Error): void {
    const [kind = ''] = error.message.split(' ', 1)
    const now = performance.now()
    if (now - (this.#refusedAt.get(kind) ?? Number.NEGATIVE_INFINITY) < SILENCE) return
    this.#refusedAt.set(kind, now)
    this.#options.report(`redis refuses what it is asked: ${withoutPlace(error)}`)
  }

  #up(): void {
    this.#isReady = true
    if (this.#lastError !== undefined) this.#options.inform('redis is back')
    this.#lastError = undefined
    this.#endFirstAttempt()
    this.#wake()
  }

  #down(error: unknown): void {
    // A cluster tells of errors of single nodes, too.
    if (this.#client instanceof Cluster && this.#client.status === 'ready') return
    if (this.#isReady) this.#downSince = performance.now()
    if (!this.#isStopped && this.#lastError === undefined) {
      this.#options.report('redis is away; trying to reach it', error)
    }
    this.#lastError = error ?? this.#lastError ?? new Error('the connection was closed')
    this.#isReady = false
    this.#endFirstAttempt()
  }
}

function failure(error: unknown): HubError {
  const message = `redis did not take it: ${withoutPlace(error)}`
  return new HubError('STORE_UNAVAILABLE', message, { cause: error })
}

/** What went wrong, for clients, whom it does not concern where Redis is. */
function withoutPlace(error: unknown): string {
  return messageOf(error)
    .replace(/\b(?:connect|read|write|getaddrinfo) (E[A-Z_]+)(?: \S+)?/g, '$1')
    .replace(/ script: \w+, on @.*$/, '')
}
