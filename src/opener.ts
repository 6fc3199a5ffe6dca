import type { CacheAdapter, ChannelConfig, Config } from './config/config.js'
import { codeOf, HubError } from './errors.js'
import type { Evictions } from './event/history.js'
import type { Follower, Store, StoredChannel, StoredChannelOptions } from './store/store.js'

/** A follower that has a history, and lets go of what becomes too old for it. */
export interface Expiring extends Follower {
  readonly log: { readonly head: number }
  expire(): void
  readonly evictions: Readonly<Evictions>
}

/** A channel that is open: what follows it, and where its truth lives. */
export interface Opened<F extends Expiring> {
  readonly follower: F
  readonly stored: StoredChannel
  /** What is under way with it, that it must stay for. */
  users: number
  /** Since when nobody has used it, in ms; undefined while somebody does. */
  idleSince: number | undefined
  /** The number of its newest event at the last sweep. */
  head: number
  /** How many events had become too old when its store was told so. */
  expired: number
}

/** What a store has to know of a channel, and which store it is. */
type StoreConfig = Pick<ChannelConfig, 'cacheAdapter'> & StoredChannelOptions

/** How many channels are opened at once at the start. */
const OPENED_AT_ONCE = 64

/** Opens channels from their stores, each once, whoever asks and how often. */
export class Opener<F extends Expiring> implements Iterable<[name: string, opened: Opened<F>]> {
  readonly #config: Config
  readonly #stores: ReadonlyMap<CacheAdapter, Store>
  readonly #follow: (name: string, config: StoredChannelOptions) => F
  readonly #open = new Map<string, Opened<F>>()
  readonly #opening = new Map<string, Promise<Opened<F>>>()
  /** The names of those, open or being opened, that are not configured. */
  readonly #dynamic = new Set<string>()
  /** Whether all channels that were to be opened at the start are. */
  #isComplete = true
  readonly #maxDynamic: number

  /**
   * @param stores one for each cache adapter that the configuration uses
   * @param follow makes what is to follow a channel
   * @param maxChannels how many may be open that are not configured; 0 is no limit
   */
  constructor(
    config: Config,
    stores: ReadonlyMap<CacheAdapter, Store>,
    follow: (name: string, config: StoredChannelOptions) => F,
    maxChannels = config.server.maxChannels,
  ) {
    this.#config = config
    this.#maxDynamic = maxChannels === 0 ? Number.POSITIVE_INFINITY : maxChannels
    this.#stores = stores
    this.#follow = follow
  }

  [Symbol.iterator](): IterableIterator<[string, Opened<F>]> {
    return this.#open.entries()
  }

  /** A channel that is open now. */
  get(name: string): Opened<F> | undefined {
    return this.#open.get(name)
  }

  /** How a channel of that name is. */
  configOf(name: string): ChannelConfig {
    return this.#config.channels.get(name) ?? this.#config.channelDefaults
  }

  /**
   * Opens the channels that are configured, and those that the default store holds if channels
   * need not be defined; later those whose store is away.
   *
   * @throws {HubError} `STORE_FAILED`
   */
  async openAll(): Promise<void> {
    this.#isComplete = true
    const dynamic = (await this.#stored()).filter((name) => !this.#config.channels.has(name))
    const names = [...this.#config.channels.keys(), ...dynamic.slice(0, this.#maxDynamic)]
    for (let start = 0; start < names.length; start += OPENED_AT_ONCE) {
      const some = names.slice(start, start + OPENED_AT_ONCE)
      await Promise.all(some.map((name) => this.#unlessAway(this.open(name))))
    }
  }

  /** Opens what could not be opened at the start. */
  retry(): void {
    if (this.#isComplete) return
    this.openAll().catch(() => {
      this.#isComplete = false // its store tells what is wrong
    })
  }

  /**
   * A channel, opened if it is not open yet.
   *
   * @param config how it is, if that is not for the configuration to say
   * @throws {HubError} `STORE_FAILED`, `STORE_UNAVAILABLE` if the store cannot tell of it now,
   *   `TOO_MANY_CHANNELS` if no more may be open
   */
  async open(name: string, config: StoreConfig = this.configOf(name)): Promise<Opened<F>> {
    const open = this.#open.get(name)
    if (open) return open
    let opening = this.#opening.get(name)
    if (!opening) {
      if (!this.#config.channels.has(name)) this.#takeRoom(name)
      opening = this.#openFromStore(name, config).finally(() => {
        this.#opening.delete(name)
        if (!this.#open.has(name)) this.#dynamic.delete(name)
      })
      this.#opening.set(name, opening)
    }
    return opening
  }

  /**
   * Closes what nobody has used for long.
   *
   * @param now the time in ms
   * @param patience for how many ms a channel is kept with which nothing is under way, from one
   *   sweep to another at least
   * @param closed told of what is closed
   */
  sweep(now: number, patience: (follower: F) => number, closed: (follower: F) => void): void {
    for (const [name, open] of this.#open) {
      const { follower, users, idleSince } = open
      const { head } = follower.log
      const isQuiet = users === 0 && head === open.head
      const limit = isQuiet ? patience(follower) : Number.POSITIVE_INFINITY
      open.head = head
      open.idleSince = limit === Number.POSITIVE_INFINITY ? undefined : (idleSince ?? now)
      if (idleSince === undefined || now - idleSince < limit) continue
      this.#open.delete(name)
      this.#dynamic.delete(name)
      open.stored.close()
      closed(follower)
    }
  }

  /** Lets channels, and then their stores, go of what has become too old. */
  expire(): void {
    for (const open of this.#open.values()) {
      open.follower.expire()
      const { age } = open.follower.evictions
      if (age === open.expired) continue
      open.stored.expire().then(
        () => {
          open.expired = age
        },
        () => {}, // its store tells what is wrong; it is told again
      )
    }
  }

  /** @throws {HubError} `TOO_MANY_CHANNELS` */
  #takeRoom(name: string): void {
    if (this.#dynamic.size >= this.#maxDynamic) {
      const message = 'there are too many channels for another one (server.maxChannels); try again'
      throw new HubError('TOO_MANY_CHANNELS', message)
    }
    this.#dynamic.add(name)
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
      const code = codeOf(error)
      if (code === 'TOO_MANY_CHANNELS') return undefined // it is opened when it is wanted
      if (code !== 'STORE_UNAVAILABLE') throw error
      this.#isComplete = false
      return undefined
    }
  }

  async #openFromStore(name: string, config: StoreConfig): Promise<Opened<F>> {
    const { cacheAdapter, cacheLength, cacheBytes = 0, cacheTtl = 0, assignIds } = config
    const store = this.#stores.get(cacheAdapter)
    if (!store) throw new Error(`no ${cacheAdapter} store for channel ${name}`)
    const options = { cacheLength, cacheBytes, cacheTtl, assignIds }
    const follower = this.#follow(name, options)
    const stored = await store.open(name, options, follower)
    const open = { follower, stored, users: 0, idleSince: undefined, head: 0, expired: 0 }
    this.#open.set(name, open)
    return open
  }
}
