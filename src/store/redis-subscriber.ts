import { Cluster, Redis } from 'ioredis'
import { messageOf } from '../errors.js'
import { isReply, reconnectDelay } from './redis-client.js'

export type RedisListener = (text: string) => void

export interface RedisSubscriberOptions {
  /** Makes a connection; undefined if there is nobody to connect to yet. */
  readonly open: () => Redis | Cluster | undefined
  readonly isSharded: boolean
  /** Called each time that all channels are subscribed to. */
  readonly onSubscribed: () => void
  /** Told of a listener that fails, and that the server refuses to be subscribed to. */
  readonly report: (message: string, cause?: unknown) => void
  /** A number from 0 up to 1. */
  readonly random: () => number
}

/** Channels that one command subscribes to. */
const CHUNK = 500

/** The side of Redis that tells: keeps subscribed, over whatever connections that takes. */
export class RedisSubscriber {
  readonly #options: RedisSubscriberOptions
  readonly #listeners = new Map<string, RedisListener>()
  #client: Redis | Cluster | undefined
  #isReady = false
  #failures = 0
  /** Whether it was told that the server refuses, which may go on and on. */
  #isRefusalTold = false
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  readonly #waiting: (() => void)[] = []

  constructor(options: RedisSubscriberOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    return this.#isReady
  }

  start(): void {
    const client = this.#options.open()
    if (!client) {
      this.#retry()
      return
    }
    this.#client = client
    client.on(this.#options.isSharded ? 'smessage' : 'message', (channel: string, text: string) =>
      this.#hear(channel, text),
    )
    client.on('error', () => {}) // the end follows
    if (client instanceof Cluster) {
      client.on('+subscriber', () => void this.#subscribeAll(client))
      void this.#subscribeAll(client)
      return
    }
    client.on('ready', () => void this.#subscribeAll(client))
    client.on('end', () => {
      if (client === this.#client) this.#retry()
    })
    client.connect().catch(() => {}) // the end follows
  }

  /** Resolves when it is ready, or after so many ms. */
  async ready(timeout: number): Promise<void> {
    if (this.#isReady) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      timer = setTimeout(resolve, timeout)
    })
    clearTimeout(timer)
  }

  async subscribe(channel: string, listener: RedisListener): Promise<void> {
    const client = this.#client
    if (!client || !this.#isReady) throw new Error('not connected for subscribing')
    this.#listeners.set(channel, listener)
    try {
      await this.#send(client, [channel])
    } catch (error) {
      this.#listeners.delete(channel)
      throw error
    }
  }

  /** Listens whenever it is connected. */
  listen(channel: string, listener: RedisListener): void {
    this.#listeners.set(channel, listener)
    if (!this.#client || !this.#isReady) return
    this.#send(this.#client, [channel]).catch(() => this.reconnect())
  }

  unsubscribe(channel: string): void {
    if (!this.#listeners.delete(channel) || !this.#client) return
    const { isSharded } = this.#options
    const done = isSharded ? this.#client.sunsubscribe(channel) : this.#client.unsubscribe(channel)
    done.catch(() => {}) // a connection that is lost is subscribed to nothing
  }

  /** Drops the connection and subscribes over another one. */
  reconnect(): void {
    if (this.#client instanceof Redis) this.#client.disconnect()
    else if (this.#client) void this.#subscribeAll(this.#client)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    if (this.#client instanceof Redis) this.#client.disconnect()
  }

  #hear(channel: string, text: string): void {
    try {
      this.#listeners.get(channel)?.(text)
    } catch (error) {
      this.#options.report(`redis told something that cannot be used, on ${channel}`, error)
    }
  }

  async #subscribeAll(client: Redis | Cluster): Promise<void> {
    const done = new Set<string>()
    const next = () => [...this.#listeners.keys()].filter((channel) => !done.has(channel))
    try {
      for (let channels = next(); channels.length > 0; channels = next()) {
        const some = channels.slice(0, CHUNK)
        await this.#send(client, some)
        for (const channel of some) done.add(channel)
      }
    } catch (error) {
      this.#tellRefusal(error)
      if (client instanceof Redis) client.disconnect()
      else this.#retry()
      return
    }
    this.#failures = 0
    this.#isRefusalTold = false
    this.#isReady = true
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.#options.onSubscribed()
  }

  #tellRefusal(error: unknown): void {
    if (this.#isRefusalTold || !isReply(error)) return
    this.#isRefusalTold = true
    const reason = messageOf(error)
    const hint = /^NO(PERM|AUTH)/.test(reason) ? "; check the user's permissions" : ''
    this.#options.report(`redis refuses to be subscribed to; trying again: ${reason}${hint}`)
  }

  async #send(client: Redis | Cluster, channels: readonly string[]): Promise<void> {
    if (this.#options.isSharded) for (const channel of channels) await client.ssubscribe(channel)
    else await client.subscribe(...channels)
  }

  #retry(): void {
    this.#isReady = false
    this.#failures += 1
    if (this.#isStopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        if (this.#client instanceof Cluster) void this.#subscribeAll(this.#client)
        else this.start()
      },
      reconnectDelay(this.#failures - 1, this.#options.random),
    )
  }
}
