import { randomUUID } from 'node:crypto'
import { HubError } from '../errors.js'
import {
  type Entry,
  isKept,
  type KeptEntry,
  NOTHING,
  type Snapshot,
  toEntry,
} from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { DEPARTED, History } from '../event/history.js'
import { GroupCommit } from './group-commit.js'
import { type Mark, Mirror, type Reading } from './mirror.js'
import { originalEvents } from './original-history.js'
import type { RedisConnection } from './redis-connection.js'
import { decodeEntry, decodeStamp, encodeEventText, splitEntries } from './redis-entry.js'
import { type ChannelKeys, channelKeys, importedKey, namesKey } from './redis-keys.js'
import { APPEND, IMPORT, READ } from './redis-scripts.js'
import { newEpoch } from './sequencer.js'
import type { Break, Delivery, Follower, StoredChannel, StoredChannelOptions } from './store.js'

/** What all channels of a Redis have in common. */
export interface RedisContext {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly sharded: boolean
  /** How many recent events are held besides the history. */
  readonly window: number
  /** Seconds after its last event that a channel is forgotten; 0 is never. */
  readonly expire: number
  /** The time in ms. */
  readonly now: () => number
  readonly report: (message: string, cause?: unknown) => void
}

/** How long, and for how many events, deliveries are known: seconds, and a number. */
const DELIVERED = { age: 600, limit: 200_000 }

/** What one batch appends at most: events, and bytes unless a single event is larger. */
const BATCH = { items: 256, size: 1_048_576 }

/** Bytes that one command reads, unless a single event is larger. */
const CHUNK = 1_048_576

/** Ms that an append waits for events of other hubs that come before its own. */
const TURN_TIMEOUT = 2000

/** An event on its way to Redis. */
interface Append {
  readonly event: HubEvent
  readonly text: string
  readonly delivery: Delivery | undefined
}

/** An event with its number, and the epoch that the number is of. */
interface Appended {
  readonly epoch: string
  readonly entry: Entry
}

/** What `READ` answers where a hub has to begin anew. */
type FullReply = [
  reason: Break,
  epoch: string,
  head: string,
  token: string,
  evictedThrough: string,
  /** IDs and sequence numbers, in the order of those. */
  order: string[],
  departed: string[],
]

/** A channel in Redis, and this hub's mirror of it. */
export class RedisChannel implements StoredChannel {
  readonly #keys: ChannelKeys
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
    this.#mirror = new Mirror({
      read: (mark) => this.#read(mark),
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
      await this.#import()
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
    const appended = await this.#commit.submit({ event, text, delivery })
    if (!appended) return undefined
    const { epoch, entry } = appended
    await this.#mirror.reached(epoch, entry.sequence, TURN_TIMEOUT)
    return entry
  }

  async read(after: number): Promise<Snapshot> {
    const reading = await this.#read(undefined)
    if (reading.kind !== 'all') return { ...NOTHING, epoch: this.#mirror.mark.epoch }
    const { entries, ...snapshot } = reading.snapshot
    return { ...snapshot, entries: entries.filter(({ sequence }) => sequence > after) }
  }

  catchUp(): Promise<void> {
    return this.#mirror.catchUp()
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
    if (error instanceof HubError && error.code === 'STORE_UNAVAILABLE') return
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
      ...appends.flatMap(({ event, text, delivery }) => [
        delivery?.key ?? '',
        delivery?.isRepeat ? 1 : 0,
        event.id ?? '',
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
    const { cacheLength } = this.options
    return [cacheLength, this.context.window, cacheLength + DEPARTED]
  }

  /** Sees to it that hubs which start know of the channel; tried again with the next batch. */
  #list(): void {
    this.#isListed = true
    const { connection, prefix } = this.context
    connection.call('SADD', namesKey(prefix), this.name).catch(() => {
      this.#isListed = false
    })
  }

  async #import(): Promise<void> {
    const { connection, prefix, expire, now, report } = this.context
    const { meta, original } = this.#keys
    if (await connection.call('EXISTS', meta)) return
    if ((await connection.call('TYPE', original)) !== 'hash') return
    if (await connection.call('SISMEMBER', importedKey(prefix), this.name)) return
    const hash = await connection.call('HGETALL', original)
    const { cacheLength } = this.options
    const events = originalEvents(toRecord(hash)).slice(-cacheLength)
    if (cacheLength === 0 || events.length === 0) return
    const count = await connection.run(IMPORT, this.#keys.all, [
      newEpoch(),
      now(),
      ...this.#limits,
      expire * 1000,
      ...events.flatMap((event) => [event.id ?? '', encodeEventText(event)]),
    ])
    await connection.call('SADD', importedKey(prefix), this.name)
    if (count) report(`channel ${this.name}: took over ${count} events of the original hub`)
  }

  async #read(mark: Mark | undefined): Promise<Reading> {
    const { connection, sharded } = this.context
    const { epoch, head, token } = mark ?? { epoch: '', head: -1, token: '' }
    const publish = sharded ? 'SPUBLISH' : 'PUBLISH'
    const args = [epoch, head, token, newEpoch(), publish, this.#keys.events, CHUNK]
    const reply = (await connection.run(READ, this.#keys.all, args)) as [string, ...unknown[]]
    const [kind, ...rest] = reply
    if (kind === 'after') {
      const [newest, ...texts] = rest as string[]
      const entries = texts.map(decodeEntry).filter((stamped) => stamped !== undefined)
      return { kind, head: Number(newest), entries }
    }
    if (kind === 'all') return this.#readAll(rest as unknown as FullReply)
    return { kind: kind === 'same' ? kind : 'nothing' }
  }

  async #readAll(reply: FullReply): Promise<Reading> {
    const [reason, epoch, head, token, evicted, order, left] = reply
    const kept = new Map<string, number>()
    for (let index = 0; index < order.length; index += 2) {
      kept.set(order[index] as string, Number(order[index + 1]))
    }
    const entries = await this.#readEntries(kept)
    for (const { id } of entries) kept.delete(id)
    // What left the stream since, or was thrown out by Redis for want of memory, is not to be had.
    const evictedThrough = [...kept.values()].reduce(greater, Number(evicted))
    const departed = left.flatMap((text) => {
      const [, id, sequence, first] = /^(.*)\n(\d+) \d+ (\d+)$/.exec(text) ?? []
      return id ? [{ id, sequence: Number(sequence), first: Number(first) }] : []
    })
    const history = new History<KeptEntry>(this.options.cacheLength, evictedThrough)
    history.load(entries, departed)
    const snapshot = {
      epoch,
      head: Number(head),
      evictedThrough: history.evictedThrough,
      entries: [...history.after(0)],
      departed: [...history.departed],
    }
    return { kind: 'all', snapshot, token, reason }
  }

  /** The events that the stream holds of those, in steps of about the same size. */
  async #readEntries(kept: ReadonlyMap<string, number>): Promise<KeptEntry[]> {
    const entries: KeptEntry[] = []
    const numbers = [...kept.values()] // in order
    const last = numbers.at(-1) ?? 0
    let next = numbers[0] ?? 1
    let count = 16
    while (next <= last) {
      const { stream } = this.#keys
      const range = [`${next}-0`, `${last}-0`, 'COUNT', count]
      const chunk = await this.context.connection.call('XRANGE', stream, ...range)
      let size = 0
      for (const [at, [, text]] of chunk as [string, [string, string]][]) {
        const entry = decodeEntry(text)?.entry
        if (entry && isKept(entry) && kept.get(entry.id) === entry.sequence) entries.push(entry)
        size += text.length
        next = Number.parseInt(at, 10) + 1
      }
      const { length } = chunk as unknown[]
      if (length === 0) break
      count = Math.min(Math.max(1, Math.floor((CHUNK * length) / (size + 1))), count * 4, 1000)
    }
    return entries
  }
}

function greater(a: number, b: number): number {
  return a > b ? a : b
}

/** A hash, whether it came as pairs or as an object. */
function toRecord(reply: unknown): Record<string, string> {
  if (!Array.isArray(reply)) return reply as Record<string, string>
  return Object.fromEntries(reply.flatMap((key, at) => (at % 2 ? [] : [[key, reply[at + 1]]])))
}
