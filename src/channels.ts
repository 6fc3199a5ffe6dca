import { Channel, type ChannelOptions } from './channel/channel.js'
import { noCounters } from './channel/counters.js'
import { Flusher } from './channel/flusher.js'
import { admitName, isKnown, patienceFor, unknownChannel } from './channel-rules.js'
import type { CacheAdapter, Config } from './config/config.js'
import type { Counts } from './counts.js'
import type { HubEvent } from './event/event.js'
import { checkKeepable } from './event/keepable.js'
import { Opener } from './opener.js'
import type { Delivery, Publisher, Store, StoredChannelOptions } from './store/store.js'
import { add } from './sum.js'

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
const WRITE_SIZE = 16_384

/** How the channels of a worker differ from those of a hub that is one process. */
export interface ChannelsOptions {
  /** Whether a channel is open only while somebody uses it: another process keeps it. */
  readonly isLazy?: boolean
  /** Ms since some moment, whatever is done to the clock. */
  readonly elapsed?: () => number
  /** Told that a channel's counters have changed: of all but errors, gaps and stalls. */
  readonly onCount?: (channel: Channel) => void
}

/** The channels of a hub: opens them from their stores, makes those that come up while it runs. */
export class Channels implements Iterable<Channel> {
  readonly #config: Config
  readonly #opener: Opener<Channel>
  readonly #isLazy: boolean
  readonly #elapsed: () => number
  /** What was counted of channels that are closed. */
  readonly #closed = {
    counters: noCounters(),
    evictions: { bytes: 0, age: 0 },
    idle: 0,
  }
  readonly #onCount: (channel: Channel) => void

  /**
   * @param stores one for each cache adapter that the configuration uses
   * @param now the time in ms
   */
  constructor(
    config: Config,
    stores: ReadonlyMap<CacheAdapter, Store>,
    now: () => number,
    { isLazy = false, elapsed = now, onCount = () => {} }: ChannelsOptions = {},
  ) {
    this.#config = config
    this.#isLazy = isLazy
    this.#elapsed = elapsed
    this.#onCount = onCount
    const { pingInterval, pingEvent, stallTimeout } = config.server
    const flusher = new Flusher()
    const follow = (name: string, limits: StoredChannelOptions) => {
      const options: ChannelOptions = {
        ...limits,
        window: { ...WINDOW, events: WINDOW.events + limits.cacheLength },
        writeSize: WRITE_SIZE,
        pingInterval: pingInterval * 1000,
        pingEvent,
        stallTimeout: stallTimeout * 1000,
        now,
        elapsed,
        onCount,
      }
      return new Channel(name, flusher, options)
    }
    this.#opener = new Opener(config, stores, follow, isLazy ? 0 : config.server.maxChannels)
  }

  /**
   * Opens the channels that are configured, and those that the default store holds if channels
   * need not be defined; later those whose store is away.
   *
   * @throws {HubError} `STORE_FAILED`
   */
  async start(): Promise<void> {
    if (!this.#isLazy) await this.#opener.openAll()
  }

  /** The channels that are defined or have had an event. */
  *[Symbol.iterator](): Generator<Channel, void, undefined> {
    for (const channel of this.open()) if (isKnown(channel, this.#config)) yield channel
  }

  /** All channels, also those that somebody waits at and that have had no event. */
  *open(): Generator<Channel, void, undefined> {
    for (const [, { follower }] of this.#opener) yield follower
  }

  /**
   * A channel that is defined or has had an event, perhaps on another hub.
   *
   * @throws {HubError} `UNKNOWN_CHANNEL`, `INVALID_CHANNEL`, and as `find`
   */
  async look(name: string): Promise<Channel> {
    this.admit(name)
    const channel = await this.find(name)
    if (!isKnown(channel, this.#config)) throw unknownChannel()
    channel.expire()
    return channel
  }

  /** Where a channel of that name keeps its history. */
  adapterOf(name: string): CacheAdapter {
    return this.#opener.configOf(name).cacheAdapter
  }

  /** @throws {HubError} as `admitName` */
  admit(name: string): void {
    admitName(name, this.#config)
  }

  /**
   * An admitted channel, to subscribe to in the same tick.
   *
   * @param id the last that its subscriber has seen, perhaps on another hub
   * @throws {HubError} `STORE_FAILED`, `STORE_UNAVAILABLE` if the store cannot tell of it now;
   *   `TOO_MANY_CHANNELS`
   */
  async find(name: string, id?: string): Promise<Channel> {
    const open = await this.#opener.open(name)
    const { follower: channel, stored } = open
    if (id === undefined || channel.knows(id)) return channel
    open.users += 1
    try {
      await stored.catchUp()
      return channel
    } finally {
      open.users -= 1
    }
  }

  /**
   * Gives an event to a channel; resolves when its store has it. The channel must be admitted.
   *
   * @param publisher counted where all of the hub's publishers are, if that is not here
   * @throws {HubError} `EVENT_TOO_LARGE` for its history; `TOO_MANY_EVENTS` of the publisher;
   *   `TOO_MANY_CHANNELS`; `STORE_FAILED`, `STORE_UNAVAILABLE` if the store did not take it
   */
  publish(
    name: string,
    event: HubEvent,
    delivery?: undefined,
    publisher?: Publisher,
  ): Promise<Published>
  /** @returns undefined if the channel got the event already, at an earlier delivery */
  publish(
    name: string,
    event: HubEvent,
    delivery: Delivery | undefined,
    publisher?: Publisher,
  ): Promise<Published | undefined>
  async publish(
    name: string,
    event: HubEvent,
    delivery?: Delivery,
    publisher?: Publisher,
  ): Promise<Published | undefined> {
    checkKeepable(event, this.#opener.configOf(name))
    const open = await this.#opener.open(name)
    const { follower: channel, stored } = open
    open.users += 1
    try {
      await channel.ready()
      const entry = await stored.append(event, delivery, publisher)
      if (!entry) return undefined
      const { id = null, sequence } = entry
      const subscribers = channel.subscribers + (stored.elsewhere ?? 0)
      return { channel: name, id, sequence, subscribers }
    } finally {
      open.users -= 1
    }
  }

  /** Pings subscribers, closes stalled ones, and forgets channels that are of no use. */
  tick(): void {
    this.#opener.retry()
    this.#opener.expire()
    for (const channel of this.open()) channel.tick()
    this.#opener.sweep(
      this.#elapsed(),
      (channel) => this.#patience(channel),
      (channel) => {
        this.#onCount(channel)
        add(this.#closed.counters, channel.counters)
        add(this.#closed.evictions, channel.evictions)
        if (!this.#isLazy && channel.log.head > 0) this.#closed.idle += 1
      },
    )
  }

  /** How many channels were closed because nobody used them. */
  get removedIdle(): number {
    return this.#closed.idle
  }

  /** What was counted of all channels, those too that are closed. */
  *counted(): Generator<Counts, void, undefined> {
    yield* this.open()
    yield { ...this.#closed, subscribers: 0 }
  }

  #patience(channel: Channel): number {
    if (channel.subscribers > 0) return Number.POSITIVE_INFINITY
    return this.#isLazy ? 0 : patienceFor(channel, this.#config)
  }

  /** Ends all streams; see `Channel.end`. */
  end(retry: () => number): void {
    for (const channel of this.open()) channel.end(retry)
  }
}
