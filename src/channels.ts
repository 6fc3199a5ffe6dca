import { Channel, type ChannelOptions } from './channel/channel.js'
import { Flusher } from './channel/flusher.js'
import type { CacheAdapter, Config } from './config/config.js'
import { HubError } from './errors.js'
import type { HubEvent } from './event/event.js'
import type { Delivery, Store, StoredChannel } from './store/store.js'

/** A channel that is open: what follows it, and where its truth lives. */
interface OpenChannel {
  readonly channel: Channel
  readonly stored: StoredChannel
  /** Publishes, and subscribers on their way, that it must stay for. */
  users: number
  /** Whether it was of no use at the last tick. */
  isIdle: boolean
}

/** What a publisher is told of an event that the hub has taken. */
export interface Published {
  readonly channel: string
  readonly id: string | null
  readonly sequence: number
  /** How many streams are open on this hub. */
  readonly subscribers: number
}

/** A channel's recent events are held in memory up to this, besides its history. */
const WINDOW = { events: 4096, bytes: 4_194_304 }

/** What one write to a subscriber takes at most, in bytes, unless a single event is larger. */
const WRITE_SIZE = 65_536

/** How many channels are opened at once at the start. */
const OPENED_AT_ONCE = 64

/** The channels of a hub: opens them from their stores, makes those that come up while it runs. */
export class Channels implements Iterable<Channel> {
  readonly #config: Config
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #now: () => number
  readonly #flusher = new Flusher()
  readonly #open = new Map<string, OpenChannel>()
  readonly #opening = new Map<string, Promise<OpenChannel>>()
  /** Whether all channels that were to be opened at the start are. */
  #isComplete = true

  /**
   * @param stores one for each cache adapter that the configuration uses
   * @param now the time in ms
   */
  constructor(config: Config, stores: ReadonlyMap<CacheAdapter, Store>, now: () => number) {
    this.#config = config
    this.#stores = stores
    this.#now = now
  }

  /**
   * Opens the channels that are configured, and those that the default store holds if channels
   * need not be defined; later those whose store is away.
   *
   * @throws {HubError} `STORE_FAILED`
   */
  async start(): Promise<void> {
    this.#isComplete = true
    const names = [...this.#config.channels.keys(), ...(await this.#stored())]
    for (let start = 0; start < names.length; start += OPENED_AT_ONCE) {
      const some = names.slice(start, start + OPENED_AT_ONCE)
      await Promise.all(some.map((name) => this.#unlessAway(this.#opened(name))))
    }
  }

  /** The channels that are defined or have had an event. */
  *[Symbol.iterator](): Generator<Channel, void, undefined> {
    for (const { channel } of this.#open.values()) {
      if (channel.log.head > 0 || this.#config.channels.has(channel.name)) yield channel
    }
  }

  /** All channels, also those that somebody waits at and that have had no event. */
  *open(): Generator<Channel, void, undefined> {
    for (const { channel } of this.#open.values()) yield channel
  }

  /** A channel that is defined or has had an event; else undefined. */
  get(name: string): Channel | undefined {
    const channel = this.#open.get(name)?.channel
    return channel && (channel.log.head > 0 || this.#config.channels.has(name))
      ? channel
      : undefined
  }

  /** Where a channel of that name keeps its history. */
  adapterOf(name: string): CacheAdapter {
    return (this.#config.channels.get(name) ?? this.#config.channelDefaults).cacheAdapter
  }

  /** @throws {HubError} `UNKNOWN_CHANNEL` if there can be no channel of that name */
  admit(name: string): void {
    const { channels, server } = this.#config
    if (!server.allowUndefinedChannels && !channels.has(name)) throw unknownChannel()
  }

  /**
   * An admitted channel, to subscribe to in the same tick.
   *
   * @param id the last that its subscriber has seen, perhaps on another hub
   * @throws {HubError} `STORE_FAILED`, `STORE_UNAVAILABLE` if its store cannot tell of it now
   */
  async find(name: string, id?: string): Promise<Channel> {
    const open = await this.#opened(name)
    if (id === undefined || open.channel.knows(id)) return open.channel
    open.users += 1
    try {
      await open.stored.catchUp()
    } finally {
      open.users -= 1
    }
    return open.channel
  }

  /**
   * Gives an event to a channel; resolves when its store has it. The channel must be admitted.
   *
   * @throws {HubError} `STORE_FAILED`, `STORE_UNAVAILABLE` if the store did not take it
   */
  publish(name: string, event: HubEvent): Promise<Published>
  /** @returns undefined if the channel got the event already, at an earlier delivery */
  publish(
    name: string,
    event: HubEvent,
    delivery: Delivery | undefined,
  ): Promise<Published | undefined>
  async publish(
    name: string,
    event: HubEvent,
    delivery?: Delivery,
  ): Promise<Published | undefined> {
    const open = await this.#opened(name)
    open.users += 1
    try {
      await open.channel.ready()
      const entry = await open.stored.append(event, delivery)
      if (!entry) return undefined
      const { id = null, sequence } = entry
      return { channel: name, id, sequence, subscribers: open.channel.subscribers }
    } finally {
      open.users -= 1
    }
  }

  /** Pings subscribers, closes stalled ones, and forgets channels that never had an event. */
  tick(): void {
    if (!this.#isComplete) {
      this.start().catch(() => {
        this.#isComplete = false // its store tells what is wrong
      })
    }
    for (const [name, open] of this.#open) {
      const { channel, users, isIdle } = open
      channel.tick()
      open.isIdle = !this.get(name) && channel.subscribers === 0 && users === 0
      if (!open.isIdle || !isIdle) continue
      this.#open.delete(name)
      open.stored.close()
    }
  }

  /** Ends all streams; see `Channel.end`. */
  end(retry: () => number): void {
    for (const { channel } of this.#open.values()) channel.end(retry)
  }

  /** The channels that need not be defined and that their store holds. */
  async #stored(): Promise<string[]> {
    const { server, channelDefaults } = this.#config
    const store = this.#stores.get(channelDefaults.cacheAdapter)
    if (!store || !server.allowUndefinedChannels) return []
    return (await this.#unlessAway(store.channels())) ?? []
  }

  async #unlessAway<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await promise
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'STORE_UNAVAILABLE') throw error
      this.#isComplete = false
      return undefined
    }
  }

  async #opened(name: string): Promise<OpenChannel> {
    const open = this.#open.get(name)
    if (open) return open
    let opening = this.#opening.get(name)
    if (!opening) {
      opening = this.#openFromStore(name).finally(() => this.#opening.delete(name))
      this.#opening.set(name, opening)
    }
    return opening
  }

  async #openFromStore(name: string): Promise<OpenChannel> {
    const { channels, channelDefaults, server } = this.#config
    const { cacheAdapter, cacheLength, assignIds } = channels.get(name) ?? channelDefaults
    const store = this.#stores.get(cacheAdapter)
    if (!store) throw new Error(`no ${cacheAdapter} store for channel ${name}`)
    const options: ChannelOptions = {
      cacheLength,
      window: { ...WINDOW, events: WINDOW.events + cacheLength },
      writeSize: WRITE_SIZE,
      pingInterval: server.pingInterval * 1000,
      pingEvent: server.pingEvent,
      stallTimeout: server.stallTimeout * 1000,
      now: this.#now,
    }
    const channel = new Channel(name, this.#flusher, options)
    const stored = await store.open(name, { cacheLength, assignIds }, channel)
    const open = { channel, stored, users: 0, isIdle: false }
    this.#open.set(name, open)
    return open
  }
}

export function unknownChannel(): HubError {
  return new HubError('UNKNOWN_CHANNEL', 'Channel does not exist.')
}
