import { join } from 'node:path'
import { HubError, publicMessageOf } from '../errors.js'
import type { Entry, Snapshot } from '../event/entry.js'
import { GroupCommit } from './group-commit.js'
import { type Append, LevelChannel } from './leveldb-channel.js'
import {
  closeDatabase,
  type Database,
  type Operation,
  openDatabase,
  REMEDY,
  write,
} from './leveldb-database.js'
import { CHANNEL_ROWS, channelName } from './leveldb-rows.js'
import {
  type Follower,
  NOBODY,
  type Store,
  type StoredChannel,
  type StoredChannelOptions,
} from './store.js'

export interface LevelStoreOptions {
  /** The folder in which the database has its own folder. */
  readonly storageDir: string
  /** Whether each write waits for the disk, so that a power cut takes nothing back either. */
  readonly sync?: boolean
  /** Whether a database is made where there is none; else that is an error. */
  readonly create?: boolean
  /** The time in ms. */
  readonly now?: () => number
  /** Told of trouble that nobody else is told of. */
  readonly report?: (message: string, cause?: unknown) => void
}

/**
 * Keeps the histories of all channels in one LevelDB database on disk, and in memory for reading.
 * [ssehub]
 */
export class LevelStore implements Store {
  /** The folder that the database is in. */
  readonly folder: string
  readonly #options: Required<Omit<LevelStoreOptions, 'storageDir'>>
  /** The channels that events have been appended to. */
  readonly #channels = new Map<string, LevelChannel>()
  /** Those closed while the database was: of them, too, it is to be rid of what no write was to leave. */
  readonly #closed = new Set<LevelChannel>()
  readonly #commit: GroupCommit<Append, Entry | undefined>
  #database: Database | undefined
  #recovering: Promise<Database> | undefined
  #compacting: Promise<void> | undefined
  #isStopped = false

  constructor({ storageDir, ...options }: LevelStoreOptions) {
    this.folder = join(storageDir, 'ssehub.db')
    this.#options = { sync: false, create: true, now: Date.now, report: () => {}, ...options }
    this.#commit = new GroupCommit((appends) => this.#write(appends), setImmediate)
  }

  async start(): Promise<void> {
    await this.#ready()
  }

  async channels(): Promise<string[]> {
    const keys = await (await this.#ready()).keys(CHANNEL_ROWS).all()
    return keys.map(channelName)
  }

  async open(
    name: string,
    options: StoredChannelOptions,
    follower: Follower,
  ): Promise<StoredChannel> {
    const channel = this.#channel(name, options, follower)
    const changes = await this.#begin(channel)
    if (changes.length > 0) {
      // Not by itself: a write that fails has to close the database before the next one.
      await this.#commit.submit({ channel, event: undefined, delivery: undefined, changes })
    }
    channel.onClose = () => this.#forget(channel)
    follower.load(channel.sequencer.snapshot(0))
    return channel
  }

  /**
   * What is stored of a channel, as it would be opened; nothing is changed by that.
   *
   * @throws {HubError} `STORE_FAILED`
   */
  async read(name: string, options: StoredChannelOptions): Promise<Snapshot> {
    const channel = this.#channel(name, options, NOBODY)
    await this.#begin(channel)
    return channel.read(0)
  }

  async stop(): Promise<void> {
    await this.#commit.settle()
    this.#isStopped = true
    const isUnclean = !this.#database && this.#channels.size > 0
    await (isUnclean ? this.#reopen() : this.#recovering)?.catch(() => {}) // that it failed was told
    await this.#compacting
    await this.#close()
  }

  #channel(name: string, options: StoredChannelOptions, follower: Follower): LevelChannel {
    const { now } = this.#options
    return new LevelChannel(name, { ...options, now }, follower, (append) => this.#append(append))
  }

  /** Loads a channel, and says what is to be written for that. */
  async #begin(channel: LevelChannel): Promise<readonly Operation[]> {
    const { report } = this.#options
    try {
      return await channel.load(await this.#ready(), report)
    } catch (error) {
      if (!this.#isStopped) report('leveldb cannot read a channel', error)
      const why = publicMessageOf(error)
      const remedy = why.startsWith('Corruption') ? `; ${REMEDY}` : ''
      throw new HubError(
        'STORE_FAILED',
        `cannot read channel ${channel.name} from the leveldb database: ${why}${remedy}`,
        { cause: error },
      )
    }
  }

  async #append(append: Append): Promise<Entry | undefined> {
    if (this.#isStopped) throw new HubError('STORE_FAILED', 'the leveldb store is closed')
    this.#channels.set(append.channel.name, append.channel)
    return this.#commit.submit(append)
  }

  async #write(appends: readonly Append[]): Promise<readonly (Entry | undefined)[]> {
    const { sync, report } = this.#options
    const channels = new Set(appends.map(({ channel }) => channel))
    let entries: readonly (Entry | undefined)[]
    try {
      const database = await this.#ready()
      const batch = this.#number(appends, channels)
      await write(database, batch.operations, sync)
      entries = batch.entries
    } catch (error) {
      report('leveldb did not take events; their publishers are told so', error)
      await this.#compacting
      await this.#close()
      const message = `leveldb did not take the event: ${publicMessageOf(error)}`
      throw new HubError('STORE_FAILED', message, { cause: error })
    }
    for (const [index, { channel }] of appends.entries()) {
      const entry = entries[index]
      if (entry) channel.show(entry)
    }
    for (const channel of channels) if (channel.needsCompaction) this.#compact(channel)
    return entries
  }

  /** Gives events their numbers, and says what is to be written for that. */
  #number(
    appends: readonly Append[],
    channels: Iterable<LevelChannel>,
  ): { entries: (Entry | undefined)[]; operations: Operation[] } {
    const operations: Operation[] = []
    const entries: (Entry | undefined)[] = []
    for (const { channel, event, delivery, changes = [] } of appends) {
      operations.push(...changes)
      if (!event) {
        operations.push(...channel.operations(channel.sequencer.expire()))
        entries.push(undefined)
        continue
      }
      const numbered = channel.sequencer.next(event, delivery)
      entries.push(numbered?.entry)
      if (numbered) operations.push(...channel.operationsFor(event, numbered, delivery))
    }
    for (const channel of channels) operations.push(channel.rowOperation)
    return { entries, operations }
  }

  /**
   * The database. After a write that failed it was closed, for what follows such a write in its
   * log could be lost with it, and memory may be ahead of the disk: both begin anew.
   */
  async #ready(): Promise<Database> {
    if (this.#database) return this.#database
    if (this.#isStopped) throw new HubError('STORE_FAILED', 'the leveldb store is closed')
    return this.#reopen()
  }

  #reopen(): Promise<Database> {
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined
    })
    return this.#recovering
  }

  async #recover(): Promise<Database> {
    const { create, sync, report } = this.#options
    const database = await openDatabase(this.folder, create)
    try {
      for (const channel of this.#channels.values()) {
        const changes = await channel.load(database, report)
        if (changes.length > 0) await write(database, changes, sync)
      }
    } catch (error) {
      await closeDatabase(database)
      throw error
    }
    this.#database = database
    for (const channel of this.#closed) this.#forget(channel)
    this.#closed.clear()
    return database
  }

  /** A channel was closed. */
  #forget(channel: LevelChannel): void {
    if (this.#database) this.#channels.delete(channel.name)
    else this.#closed.add(channel)
  }

  async #close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    try {
      if (database) await closeDatabase(database)
    } catch (error) {
      this.#options.report('leveldb could not be closed', error)
    }
  }

  #compact(channel: LevelChannel): void {
    if (this.#compacting || !this.#database) return
    this.#compacting = channel
      .compact(this.#database)
      .catch((error: unknown) => this.#options.report('leveldb could not be compacted', error))
      .finally(() => {
        this.#compacting = undefined
      })
  }
}
