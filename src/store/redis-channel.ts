import { randomUUID } from 'node:crypto'
import { codeOf, HubError } from '../errors.js'
import { encodeEvent } from '../event/encode.js'
import { type Entry, NOTHING, type Snapshot, toEntry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { DEPARTED } from '../event/history.js'
import { newEpoch } from './epoch.js'
import { GroupCommit } from './group-commit.js'
import { Mirror } from './mirror.js'
import type { RedisContext } from './redis-context.js'
import { decodeEntry, decodeStamp, encodeEventText, splitEntries } from './redis-entry.js'
import { importOriginal } from './redis-import.js'
import { type ChannelKeys, channelKeys, namesKey } from './redis-keys.js'
import { RedisReader } from './redis-reader.js'
import { APPEND, EXPIRE } from './redis-scripts.js'
import type { Delivery, Follower, StoredChannel, StoredChannelOptions } from './store.js'

/** How long, and for how many events, deliveries are known: seconds, and a number. */
const DELIVERED = { age: 600, limit: 200_000 }

/** What one batch appends at most: events, and bytes unless a single event is larger. */
const BATCH = { items: 256, size: 1_048_576 }

/** Ms that an append waits for events of other hubs that come before its own. */
const TURN_TIMEOUT = 2000

/** An event on its way to Redis. */
interface Append {
  readonly event: HubEvent
  readonly text: string
  /** Bytes of its frame; with an id that Redis gives it, there are more. */
  readonly size: number
  readonly delivery: Delivery | undefined
}

/** An event with its number, and the epoch that the number is of. */
interface Appended {
  readonly epoch: string
  readonly entry: Entry
}

/** A channel in Redis, and this hub's mirror of it. */
export class RedisChannel implements StoredChannel {
  readonly #keys: ChannelKeys
  readonly #reader: RedisReader
  readonly #mirror: Mirror
  readonly #commit: GroupCommit<Append, Appended | undefined>
  /** Names this hub in the channel, and its batches by their number. */
  readonly #writer = randomUUID()
  #batches = 0
  /** Whether Redis lists the channel. */
  #isListed = false
  /** Called when it is closed. */
  onClose: () => void = () => {}

  constructor(
    private readonly name: string,
    private readonly options: StoredChannelOptions,
    private readonly context: RedisContext,
    follower: Follower,
  ) {
    this.#keys = channelKeys(context.prefix, name)
    this.#reader = new RedisReader(this.#keys, options, context)
    this.#mirror = new Mirror({
      read: (mark) => this.#reader.read(mark),
      follower: {
        load: (snapshot, broken) => {
          follower.load(snapshot, broken)
          if (broken === 'reset') this.#isListed = false
          if (snapshot.head > 0) this.#list()
        },
        accept: (entry) => follower.accept(entry),
      },
      report: (error) => this.#reportUnread(error),
    })
    this.#commit = new GroupCommit((appends) => this.#write(appends), setImmediate, {
      ...BATCH,
      sizeOf: ({ text }) => text.length,
    })
  }

  /** Follows it from now on; what an original hub left is taken over first. */
  async open(): Promise<void> {
    try {
      await importOriginal(this.name, this.#keys, this.#limits, this.context)
      await this.context.connection.subscribe(this.#keys.events, (text) => this.#hear(text))
      await this.#mirror.catchUp()
    } catch (error) {
      this.close()
      throw error
    }
  }

  append(event: HubEvent): Promise<Entry>
  append(event: HubEvent, delivery: Delivery | undefined): Promise<Entry | undefined>
  async append(event: HubEvent, delivery?: Delivery): Promise<Entry | undefined> {
    const text = encodeEventText(event)
    const appended = await this.#commit.submit({
      event,
      text,
      size: encodeEvent(event).length,
      delivery,
    })
    if (!appended) return undefined
    const { epoch, entry } = appended
    await this.#mirror.reached(epoch, entry.sequence, TURN_TIMEOUT)
    return entry
  }

  async read(after: number): Promise<Snapshot> {
    const reading = await this.#reader.read(undefined)
    if (reading.kind !== 'all') return { ...NOTHING, epoch: this.#mirror.mark.epoch }
    const { entries, ...snapshot } = reading.snapshot
    return { ...snapshot, entries: entries.filter(({ sequence }) => sequence > after) }
  }

  catchUp(): Promise<void> {
    return this.#mirror.catchUp()
  }

  async expire(): Promise<void> {
    const { connection, now } = this.context
    const args = [now(), ...this.#limits]
    while ((await connection.run(EXPIRE, this.#keys.all, args)) !== 0); // a step at a time
  }

  /** Catches up for nobody in particular. */
  catchUpSoon(): void {
    this.#mirror.catchUp().catch((error: unknown) => this.#reportUnread(error))
  }

  close(): void {
    this.context.connection.unsubscribe(this.#keys.events)
    this.#mirror.close()
    this.onClose()
  }

  #reportUnread(error: unknown): void {
    // That Redis is away is told once, not for each channel.
    if (codeOf(error) === 'STORE_UNAVAILABLE') return
    this.context.report(`channel ${this.name} could not be read from redis`, error)
  }

  /** A message holds the events of a batch. Of its own it has had the answer already, mostly. */
  #hear(message: string): void {
    for (const text of splitEntries(message)) {
      const stamp = decodeStamp(text)
      if (!stamp || !this.#mirror.has(stamp)) this.#mirror.receive(decodeEntry(text))
    }
  }

  async #write(appends: readonly Append[]): Promise<readonly (Appended | undefined)[]> {
    if (!this.#isListed) this.#list()
    const { connection, now, sharded } = this.context
    const { epoch, head } = this.#mirror.mark
    this.#batches += 1
    const reply = (await connection.run(APPEND, this.#keys.all, [
      head === 0 ? epoch : newEpoch(),
      now(),
      ...this.#limits,
      this.options.assignIds ? 1 : 0,
      this.context.expire * 1000,
      sharded ? 'SPUBLISH' : 'PUBLISH',
      this.#keys.events,
      this.#writer,
      this.#batches,
      DELIVERED.age,
      DELIVERED.limit,
      epoch,
      head,
      ...appends.flatMap(({ event, text, size, delivery }) => [
        delivery?.key ?? '',
        delivery?.isRepeat ? 1 : 0,
        event.id ?? '',
        size,
        text,
      ]),
    ])) as [kind: string, ...texts: string[]]
    const [kind, ...texts] = reply
    if (kind === 'appended') return texts.map((text) => this.#take(text))
    if (kind === 'again') return this.#recall(appends, texts[0] as string)
    throw new HubError('STORE_UNAVAILABLE', 'redis took an event too late; publish it again')
  }

  #take(text: string): Appended | undefined {
    if (text === '') return undefined
    const stamped = decodeEntry(text)
    if (!stamped) throw new HubError('STORE_FAILED', 'redis answered what is not an event')
    this.#mirror.receive(stamped)
    return stamped
  }

  /** A try before this one got through: only the numbers are to be had again. */
  #recall(appends: readonly Append[], numbers: string): readonly (Appended | undefined)[] {
    this.catchUpSoon()
    const [, epoch = '', , ...sequences] = numbers.split(' ')
    return appends.map(({ event }, index) => {
      const sequence = Number(sequences[index])
      if (sequence === 0) return undefined
      const id = event.id ?? (this.options.assignIds ? `${epoch}-${sequence}` : undefined)
      const at = { sequence, place: sequence, first: sequence, time: this.context.now() }
      return { epoch, entry: toEntry(id === undefined ? event : { ...event, id }, at) }
    })
  }

  /** What a script needs to know of how much is kept. */
  get #limits(): readonly number[] {
    const { cacheLength, cacheBytes = 0, cacheTtl = 0 } = this.options
    const { window } = this.context
    return [cacheLength, cacheBytes, cacheTtl * 1000, window, cacheLength + DEPARTED]
  }

  /** Sees to it that hubs which start know of the channel; tried again with the next batch. */
  #list(): void {
    this.#isListed = true
    const { connection, prefix } = this.context
    connection.call('SADD', namesKey(prefix), this.name).catch(() => {
      this.#isListed = false
    })
  }
}
