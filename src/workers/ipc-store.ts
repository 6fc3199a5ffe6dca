import type { CacheAdapter } from '../config/config.js'
import { type Entry, type KeptEntry, type Snapshot, toEntry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type {
  Break,
  Delivery,
  Follower,
  Publisher,
  Store,
  StoredChannel,
  StoredChannelOptions,
} from '../store/store.js'
import type { SnapshotHead } from './protocol.js'
import { ownAll, type Uplink } from './uplink.js'

/** A worker's view of one of its primary's stores. */
export class IpcStore implements Store {
  readonly #adapter: CacheAdapter
  readonly #uplink: Uplink

  constructor(adapter: CacheAdapter, uplink: Uplink) {
    this.#adapter = adapter
    this.#uplink = uplink
  }

  async start(): Promise<void> {}

  channels(): Promise<string[]> {
    return this.#uplink.call('channels', this.#adapter)
  }

  async open(
    name: string,
    options: StoredChannelOptions,
    follower: Follower,
  ): Promise<StoredChannel> {
    const channel = new IpcChannel(name, follower, this.#uplink)
    this.#uplink.follow(name, channel)
    try {
      await this.#uplink.call('open', this.#adapter, name, options)
    } catch (error) {
      this.#uplink.unfollow(name)
      throw error
    }
    return channel
  }

  async stop(): Promise<void> {}
}

/** A snapshot of which parts are still to come. */
interface Arriving {
  readonly head: SnapshotHead
  readonly broken: Break | undefined
  readonly entries: KeptEntry[]
  /** What is newer than it. */
  readonly later: Entry[]
}

/** A channel whose truth is in the primary. */
class IpcChannel implements StoredChannel {
  elsewhere = 0
  readonly #name: string
  readonly #follower: Follower
  readonly #uplink: Uplink
  /** Before that, what comes is for a channel of the same name that was closed. */
  #isLoaded = false
  #arriving: Arriving | undefined
  #isBacklogged = false

  constructor(name: string, follower: Follower, uplink: Uplink) {
    this.#name = name
    this.#follower = follower
    this.#uplink = uplink
  }

  /** That it was reset holds, though another snapshot comes before the one that said so was here. */
  load(head: SnapshotHead, broken: Break | undefined): void {
    const why = this.#arriving?.broken === 'reset' ? 'reset' : broken
    this.#arriving = { head, broken: why, entries: [], later: [] }
  }

  add(entries: readonly KeptEntry[]): void {
    this.#arriving?.entries.push(...entries)
  }

  loaded(): void {
    if (!this.#arriving) return
    const { head, broken, entries, later } = this.#arriving
    this.#arriving = undefined
    this.#isLoaded = true
    this.#follower.load({ ...head, entries }, broken)
    for (const entry of later) this.accept(entry)
  }

  accept(entry: Entry): void {
    if (this.#arriving) {
      this.#arriving.later.push(entry)
      return
    }
    if (!this.#isLoaded) return
    this.#follower.accept(entry)
    if (this.#follower.isBacklogged && !this.#isBacklogged) this.#hold()
  }

  append(event: HubEvent): Promise<Entry>
  append(
    event: HubEvent,
    delivery: Delivery | undefined,
    publisher?: Publisher,
  ): Promise<Entry | undefined>
  async append(
    event: HubEvent,
    delivery?: Delivery,
    publisher?: Publisher,
  ): Promise<Entry | undefined> {
    const appended = await this.#uplink.call('append', this.#name, event, delivery, publisher)
    if (!appended) return undefined
    this.elsewhere = appended.elsewhere
    const { id } = appended
    return toEntry(id === undefined ? event : { ...event, id }, appended)
  }

  async read(after: number): Promise<Snapshot> {
    return ownAll(await this.#uplink.call('read', this.#name, after))
  }

  catchUp(): Promise<void> {
    return this.#uplink.call('catchUp', this.#name)
  }

  /** The primary sees to it. */
  async expire(): Promise<void> {}

  close(): void {
    this.#uplink.unfollow(this.#name)
    this.#uplink.send({ kind: 'close', channel: this.#name })
  }

  /** Makes publishers on all workers wait until this one has served its subscribers. */
  #hold(): void {
    this.#tell(true)
    this.#follower.ready?.().then(() => this.#tell(false))
  }

  #tell(isBacklogged: boolean): void {
    this.#isBacklogged = isBacklogged
    this.#uplink.send({ kind: 'backlog', channel: this.#name, isBacklogged })
  }
}
