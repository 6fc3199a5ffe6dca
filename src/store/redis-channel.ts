import { randomUUID } from 'node:crypto'
import { HubError } from '../errors.js'
import { type Entry, isKept, type KeptEntry, NOTHING, type Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { DEPARTED, History } from '../event/history.js'
import { Mirror, type Position, type Reading } from './mirror.js'
import { originalEvents } from './original-history.js'
import type { RedisConnection } from './redis-connection.js'
import { decodeEntry, decodeStamp, encodeEventText } from './redis-entry.js'
import { type ChannelKeys, channelKeys, namesKey } from './redis-keys.js'
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

/** How long, and for how many events, deliveries are known: ms, and a number. */
const DELIVERED = { age: 600_000, limit: 200_000 }

/** Events that one command reads. */
const CHUNK = 1000

/** Ms that an append waits for events of other hubs that come before its own. */
const TURN_TIMEOUT = 2000

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
      read: (position) => this.#read(position),
      follower,
      report: (error) => this.#reportUnread(error),
    })
  }

  /** Follows it from now on; what an original hub left is taken over first. */
  async open(): Promise<void> {
    await this.#import()
    await this.context.connection.subscribe(this.#keys.events, (text) => this.#hear(text))
    try {
      await this.#mirror.catchUp()
      if (this.#mirror.position.head > 0) await this.#list()
    } catch (error) {
      this.close()
      throw error
    }
  }

  append(event: HubEvent): Promise<Entry>
  append(event: HubEvent, delivery: Delivery | undefined): Promise<Entry | undefined>
  async append(event: HubEvent, delivery?: Delivery): Promise<Entry | undefined> {
    if (!this.#isListed) await this.#list()
    const { connection, window, expire, sharded, now } = this.context
    const { cacheLength, assignIds } = this.options
    const token = randomUUID()
    const { head, epoch } = this.#mirror.position
    const text = await connection.run(APPEND, this.#keys.all, (looks) => [
      head === 0 ? epoch : newEpoch(),
      now(),
      cacheLength,
      window,
      cacheLength + DEPARTED,
      assignIds ? 1 : 0,
      expire * 1000,
      sharded ? 'SPUBLISH' : 'PUBLISH',
      this.#keys.events,
      token,
      looks,
      delivery?.key ?? '',
      delivery?.isRepeat ? 1 : 0,
      DELIVERED.age,
      DELIVERED.limit,
      event.id ?? '',
      encodeEventText(event),
    ])
    if (text === null) return undefined
    const stamped = decodeEntry(String(text))
    if (!stamped) throw new HubError('STORE_FAILED', 'redis answered what is not an event')
    this.#mirror.receive(stamped)
    await this.#mirror.reached(stamped.entry.sequence, TURN_TIMEOUT)
    return stamped.entry
  }

  async read(after: number): Promise<Snapshot> {
    const reading = await this.#read(undefined)
    if (reading.kind !== 'all') return { ...NOTHING, epoch: this.#mirror.position.epoch }
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
    if (error instanceof HubError && error.code === 'STORE_UNREACHABLE') return
    this.context.report(`channel ${this.name} could not be read from redis`, error)
  }

  /** Of its own events it has had the answer already, mostly. */
  #hear(text: string): void {
    const stamp = decodeStamp(text)
    if (!stamp || !this.#mirror.has(stamp)) this.#mirror.receive(decodeEntry(text))
  }

  async #list(): Promise<void> {
    await this.context.connection.call('SADD', namesKey(this.context.prefix), this.name)
    this.#isListed = true
  }

  async #import(): Promise<void> {
    const { connection, window, expire, now, report } = this.context
    if (await connection.call('EXISTS', this.#keys.all[0] as string)) return
    if ((await connection.call('TYPE', this.#keys.original)) !== 'hash') return
    const hash = await connection.call('HGETALL', this.#keys.original)
    const { cacheLength } = this.options
    const events = originalEvents(toRecord(hash)).slice(-cacheLength)
    if (cacheLength === 0 || events.length === 0) return
    const limits = [cacheLength, window, cacheLength + DEPARTED, expire * 1000]
    const count = await connection.run(IMPORT, this.#keys.all, () => [
      newEpoch(),
      now(),
      ...limits,
      ...events.flatMap((event) => [event.id ?? '', encodeEventText(event)]),
    ])
    if (count) report(`channel ${this.name}: took over ${count} events of the original hub`)
  }

  async #read(position: Position | undefined): Promise<Reading> {
    const { epoch, head, token } = position ?? { epoch: '', head: -1, token: '' }
    const { connection, sharded } = this.context
    const { all, events } = this.#keys
    const publish = sharded ? 'SPUBLISH' : 'PUBLISH'
    const args = [epoch, head, token, newEpoch(), publish, events, CHUNK]
    const [kind, ...reply] = (await connection.run(READ, all, () => args)) as [string, ...unknown[]]
    if (kind === 'after') {
      const [newest, ...texts] = reply as string[]
      const entries = texts.map(decodeEntry).filter((stamped) => stamped !== undefined)
      return { kind, head: Number(newest), entries }
    }
    if (kind === 'all') return this.#readAll(reply)
    return { kind: kind === 'same' ? kind : 'nothing' }
  }

  async #readAll(reply: readonly unknown[]): Promise<Reading> {
    const [reason, epoch, head, token, evicted, order, left] = reply as FullReply
    const kept = new Map<string, number>()
    for (let index = 0; index < order.length; index += 2) {
      kept.set(order[index] as string, Number(order[index + 1]))
    }
    const entries = await this.#readEntries(kept)
    for (const { id } of entries) kept.delete(id)
    // What left the stream since, or was evicted by Redis for want of memory, is not to be had.
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

  /** The events that the stream holds of those. */
  async #readEntries(kept: ReadonlyMap<string, number>): Promise<KeptEntry[]> {
    const entries: KeptEntry[] = []
    const last = [...kept.values()].reduce(greater, 0)
    let next = Number([...kept.values()][0] ?? 1) // in order
    while (next <= last) {
      const chunk = (await this.context.connection.call(
        'XRANGE',
        this.#keys.stream,
        `${next}-0`,
        `${last}-0`,
        'COUNT',
        CHUNK,
      )) as [string, [string, string]][]
      if (chunk.length === 0) break
      for (const [, [, text]] of chunk) {
        const entry = decodeEntry(text)?.entry
        if (entry && isKept(entry) && kept.get(entry.id) === entry.sequence) entries.push(entry)
      }
      next = Number.parseInt(chunk.at(-1)?.[0] as string, 10) + 1
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
