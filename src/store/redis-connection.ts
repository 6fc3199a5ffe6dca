import { Cluster, Redis } from 'ioredis'
import { HubError, messageOf } from '../errors.js'
import {
  COMMAND_TIMEOUT,
  makeClient,
  openSubscriber,
  type RedisClientOptions,
} from './redis-client.js'
import type { Script } from './redis-scripts.js'
import { type RedisListener, RedisSubscriber } from './redis-subscriber.js'

export interface RedisConnectionOptions extends RedisClientOptions {
  /** Called each time that all channels are subscribed to, after whatever may have been missed. */
  readonly onSubscribed: () => void
  /** Told when the server goes away, and when it is back. */
  readonly report: (message: string, cause?: unknown) => void
}

/** Ms that a command is tried again for, while the server is away. */
const PATIENCE = 3000

/** Ms between two tries. */
const PAUSE = 50

/** What a server says that will soon be over, or that another server is to be asked. */
const PASSING = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED|NOREPLICAS)/

/** In a cluster the client itself tries again, so each try looks for an earlier one. */
const CLUSTER_TRIES = 64

/** How many events are looked at for one of an earlier try. */
const RETRY_LOOKS = 5000

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
  #clientId: number | undefined
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
    this.#client.on('ready', () => void this.#up())
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

  get isUp(): boolean {
    return this.#isReady && this.#subscriber.isReady
  }

  /**
   * Runs a script, again where the server went away before it replied.
   *
   * @param args given how many events are to be looked at for one of an earlier try
   * @throws {HubError} `STORE_UNREACHABLE`, `STORE_FAILED`
   */
  run(
    script: Script,
    keys: readonly string[],
    args: (looks: number) => readonly (string | number)[],
  ): Promise<unknown> {
    const looks = this.#options.address.kind === 'cluster' ? CLUSTER_TRIES : 0
    return this.#persist(async (attempt) => {
      const values = [...keys, ...args(attempt > 0 ? RETRY_LOOKS : looks)]
      try {
        return await this.#client.evalsha(script.sha, keys.length, ...values)
      } catch (error) {
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error
        return await this.#client.eval(script.source, keys.length, ...values)
      }
    })
  }

  /**
   * Sends a command that may be sent more than once.
   *
   * @throws {HubError} `STORE_UNREACHABLE`, `STORE_FAILED`
   */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#persist(() => this.#client.call(command, ...args))
  }

  /**
   * Listens to a publish/subscribe channel from now on.
   *
   * @throws {HubError} `STORE_UNREACHABLE`, `STORE_FAILED`
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
   * @throws {HubError} `STORE_UNREACHABLE`, `STORE_FAILED`
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

  async #persist<T>(attempt: (count: number) => Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE
    for (let count = 0; ; count += 1) {
      try {
        await this.#ready()
        return await attempt(count)
      } catch (error) {
        const isPassing = !isReply(error) || PASSING.test(error.message)
        const isOver = performance.now() + PAUSE > until || this.#isGivenUp || this.#isStopped
        if (isReply(error) ? error.message.startsWith('READONLY') : isTimeout(error)) {
          this.#reconnect(error)
        }
        if (!isPassing || isOver) throw failure(error, isPassing)
        await this.#pause(PAUSE)
      }
    }
  }

  /** @throws if it does not become ready soon */
  async #ready(): Promise<void> {
    while (!this.#isReady) {
      const patience = this.#downSince + PATIENCE - performance.now()
      if (patience <= 0 || this.#isStopped) {
        throw new Error(`it cannot be reached: ${messageOf(this.#lastError)}`)
      }
      await this.#pause(patience)
    }
  }

  /** Whether it has been away for so long that nobody is to wait for it. */
  get #isGivenUp(): boolean {
    return !this.#isReady && performance.now() - this.#downSince > PATIENCE
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

  #reconnect(error: unknown): void {
    if (!this.#isReady || this.#client instanceof Cluster) return
    this.#down(error)
    this.#client.disconnect(true)
  }

  async #up(): Promise<void> {
    try {
      if (this.#client instanceof Redis) await this.#fence(this.#client)
    } catch (error) {
      return this.#reconnect(error)
    }
    if (this.#client.status !== 'ready') return
    this.#isReady = true
    if (this.#lastError !== undefined) this.#options.report('redis is back')
    this.#lastError = undefined
    this.#endFirstAttempt()
    this.#wake()
  }

  #down(error: unknown): void {
    if (this.#isReady) this.#downSince = performance.now()
    if (!this.#isStopped && this.#lastError === undefined) {
      this.#options.report('redis is away; trying to reach it', error)
    }
    this.#lastError = error ?? this.#lastError ?? new Error('the connection was closed')
    this.#isReady = false
    this.#endFirstAttempt()
  }

  /**
   * Ends the connection before this one at the server: what was written to it and not yet read
   * must not be run when it has been tried again here.
   */
  async #fence(client: Redis): Promise<void> {
    const previous = this.#clientId
    try {
      this.#clientId = await client.client('ID')
      if (previous !== undefined) await client.client('KILL', 'ID', previous)
    } catch (error) {
      if (!isReply(error)) throw error // a user who may not do that does without
    }
  }
}

function failure(error: unknown, isPassing: boolean): HubError {
  const code = isPassing ? 'STORE_UNREACHABLE' : 'STORE_FAILED'
  return new HubError(code, `redis did not take it: ${messageOf(error)}`, { cause: error })
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

function isTimeout(error: unknown): boolean {
  return messageOf(error) === 'Command timed out'
}
