import { admitName, isKnown, patienceFor } from '../channel-rules.js'
import type { Published } from '../channels.js'
import type { CacheAdapter, Config } from '../config/config.js'
import type { Counted, Counts } from '../counts.js'
import { HubError } from '../errors.js'
import type { Entry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { checkKeepable } from '../event/keepable.js'
import type { LimitLog } from '../limits/limit-log.js'
import { PublishRates } from '../limits/publish-rates.js'
import { type Opened, Opener } from '../opener.js'
import type {
  Delivery,
  Publisher,
  Store,
  StoredChannel,
  StoredChannelOptions,
} from '../store/store.js'
import { add } from '../sum.js'
import type { Downlink } from './downlink.js'
import { Ledger } from './ledger.js'
import { Line } from './line.js'
import type { Tally } from './tally.js'

/** The channels of a hub with workers: between its stores and those who hold the streams. */
export class Switchboard {
  readonly #config: Config
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #lines: Opener<Line>
  readonly #ledger = new Ledger()
  readonly #elapsed: () => number
  readonly #rates: PublishRates
  /** What was counted of channels that are closed, besides what workers counted. */
  readonly #closed = { events: 0, evictions: { bytes: 0, age: 0 }, idle: 0 }

  /**
   * @param stores one for each cache adapter that the configuration uses
   * @param now the time in ms
   * @param log told of limits that are reached
   * @param elapsed ms since some moment, whatever is done to the clock
   */
  constructor(
    config: Config,
    stores: ReadonlyMap<CacheAdapter, Store>,
    now: () => number = Date.now,
    log?: LimitLog,
    elapsed = now,
  ) {
    this.#rates = new PublishRates(config.server, {
      now: elapsed,
      counters: this.#ledger.server,
      log,
    })
    this.#config = config
    this.#elapsed = elapsed
    this.#stores = stores
    this.#lines = new Opener(config, stores, (name, limits) => new Line(name, limits, now))
  }

  /**
   * Opens the channels that are configured, and those that the default store holds if channels
   * need not be defined; later those whose store is away.
   *
   * @throws {HubError} `STORE_FAILED`
   */
  async start(): Promise<void> {
    await this.#lines.openAll()
  }

  /** Lets go of events that are too old, and of channels that are of no use. */
  tick(): void {
    this.#lines.retry()
    this.#lines.expire()
    this.#lines.sweep(
      this.#elapsed(),
      (line) => (line.isFollowed ? Number.POSITIVE_INFINITY : patienceFor(line, this.#config)),
      ({ name, events, evictions, log }) => {
        this.#ledger.forget(name)
        this.#closed.events += events
        add(this.#closed.evictions, evictions)
        if (log.head > 0) this.#closed.idle += 1
      },
    )
  }

  /** How many channels were closed because nobody used them. */
  get removedIdle(): number {
    return this.#closed.idle
  }

  /** What all workers have counted of requests. */
  get requests() {
    return this.#ledger.server
  }

  /** The channels that are defined or have had an event. */
  *listed(): Generator<Counted, void, undefined> {
    for (const [, { follower }] of this.#lines) {
      if (isKnown(follower, this.#config)) yield this.#counted(follower)
    }
  }

  /** What was counted of all channels, those too that are known no more. */
  *all(): Generator<Counts, void, undefined> {
    for (const [, { follower }] of this.#lines) yield this.#counted(follower)
    yield {
      counters: { events: this.#closed.events, ...this.#ledger.others },
      evictions: this.#closed.evictions,
      subscribers: 0,
    }
  }

  /** Where a channel of that name keeps its history. */
  adapterOf(name: string): CacheAdapter {
    return this.#lines.configOf(name).cacheAdapter
  }

  /** @throws {HubError} as `admitName` */
  admit(name: string): void {
    admitName(name, this.#config)
  }

  /** As `Channels.publish`, for inputs. */
  publish(name: string, event: HubEvent): Promise<Published>
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
    checkKeepable(event, this.#lines.configOf(name))
    const open = await this.#lines.open(name)
    const entry = await this.#append(open, event, delivery)
    if (!entry) return undefined
    const { id = null, sequence } = entry
    return { channel: name, id, sequence, subscribers: this.#counted(open.follower).subscribers }
  }

  /** The names of the channels that a store holds. */
  channels(adapter: CacheAdapter): Promise<string[]> {
    return this.#storeOf(adapter).channels()
  }

  /** Opens a channel for a worker that is going to join it. */
  async open(adapter: CacheAdapter, name: string, options: StoredChannelOptions): Promise<Line> {
    return (await this.#lines.open(name, { cacheAdapter: adapter, ...options })).follower
  }

  /**
   * Appends for a worker; publishers have the same rates whichever they are connected to.
   *
   * @returns undefined for an event that was appended already
   * @throws {HubError} `TOO_MANY_EVENTS`
   */
  async append(
    name: string,
    event: HubEvent,
    delivery: Delivery | undefined,
    publisher?: Publisher,
  ): Promise<Entry | undefined> {
    if (publisher) this.#rates.take(publisher)
    return this.#append(this.#openLine(name), event, delivery)
  }

  /** A channel that a worker has joined, as its store has it. */
  stored(name: string): StoredChannel {
    return this.#openLine(name).stored
  }

  /** Takes in what a worker has counted. */
  count(worker: Downlink, tally: Tally): void {
    this.#ledger.add(worker, tally)
    for (const [name] of tally.channels) if (!this.#lines.get(name)) this.#ledger.forget(name)
  }

  /** How many streams of a channel workers other than this one have open. */
  elsewhere(name: string, worker: Downlink): number {
    return this.#ledger.elsewhere(name, worker)
  }

  /** A worker has gone, and its streams with it. */
  leave(worker: Downlink): void {
    this.#ledger.bury(worker)
  }

  async #append(
    open: Opened<Line>,
    event: HubEvent,
    delivery: Delivery | undefined,
  ): Promise<Entry | undefined> {
    open.users += 1
    try {
      return await open.follower.append(open.stored, event, delivery)
    } finally {
      open.users -= 1
    }
  }

  #openLine(name: string): Opened<Line> {
    const open = this.#lines.get(name)
    if (!open) throw new HubError('STORE_FAILED', `channel ${name} is not open`)
    return open
  }

  #storeOf(adapter: CacheAdapter): Store {
    const store = this.#stores.get(adapter)
    if (!store) throw new HubError('STORE_FAILED', `there is no ${adapter} store`)
    return store
  }

  #counted({ name, log, events, evictions }: Line): Counted {
    const counts = this.#ledger.of(name)
    const subscribers = counts.connects - counts.disconnects
    return { name, log, counters: { events, ...counts }, evictions, subscribers }
  }
}
