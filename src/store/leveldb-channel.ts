import { type Entry, isKept, type KeptEntry, type Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { Change, Departed } from '../event/history.js'
import { emptySnapshot } from './epoch.js'
import type { Database, Operation } from './leveldb-database.js'
import {
  channelKey,
  decodeChannelRow,
  decodeEventRow,
  deliveryKey,
  deliveryOf,
  deliveryRows,
  encodeChannelRow,
  encodeDepartedRow,
  encodeEventRow,
  eventKey,
  eventRows,
  sequenceOf,
} from './leveldb-rows.js'
import { type Numbered, Sequencer } from './sequencer.js'
import type { Delivery, Follower, StoredChannel, StoredChannelOptions } from './store.js'

/** Rows removed before their space on disk is asked back; LevelDB itself may never do so. */
const REMOVALS_PER_COMPACTION = 20_000

/** An event on its way to the database. */
export interface Append {
  readonly channel: LevelChannel
  /** Undefined where it is only to let go of what has become too old. */
  readonly event: HubEvent | undefined
  readonly delivery: Delivery | undefined
  /** What is to be written before it. */
  readonly changes?: readonly Operation[]
}

/** A channel of the LevelDB store: its history in memory, and where its events go. */
export class LevelChannel implements StoredChannel {
  #sequencer: Sequencer | undefined
  /** The number of the last event that anybody has seen. */
  #seen: number | undefined
  /** Rows removed since the last compaction, and the highest number of all that were. */
  #removals = 0
  #removedThrough = 0
  /** Called when it is closed. */
  onClose: () => void = () => {}

  constructor(
    readonly name: string,
    private readonly options: StoredChannelOptions & { readonly now: () => number },
    private readonly follower: Follower,
    private readonly submit: (append: Append) => Promise<Entry | undefined>,
  ) {}

  /** What numbers its events; ahead of what has been seen while a write is under way. */
  get sequencer(): Sequencer {
    if (!this.#sequencer) throw new Error(`channel ${this.name} has not been loaded`)
    return this.#sequencer
  }

  append(event: HubEvent): Promise<Entry>
  append(event: HubEvent, delivery: Delivery | undefined): Promise<Entry | undefined>
  append(event: HubEvent, delivery?: Delivery): Promise<Entry | undefined> {
    return this.submit({ channel: this, event, delivery })
  }

  async read(after: number): Promise<Snapshot> {
    return this.sequencer.snapshot(after)
  }

  async catchUp(): Promise<void> {}

  async expire(): Promise<void> {
    await this.submit({ channel: this, event: undefined, delivery: undefined })
  }

  close(): void {
    this.onClose()
  }

  /** Passes an event on that is written. */
  show(entry: Entry): void {
    this.#seen = entry.sequence
    this.follower.accept(entry)
  }

  /**
   * Reads what the database holds of it, and what has to be written for that: rows of events that
   * nobody has seen, and of their deliveries, are removed, and what is gone is remembered as gone.
   */
  async load(database: Database, report: (message: string) => void): Promise<Operation[]> {
    const seen = this.#seen ?? Number.MAX_SAFE_INTEGER
    const rowKey = channelKey(this.name)
    const stored = await database.get(rowKey)
    const known = stored === undefined ? undefined : decodeChannelRow(rowKey, stored)
    const row = known ?? emptySnapshot()
    let { head, evictedThrough } = row
    const entries: KeptEntry[] = []
    const departed: Departed[] = []
    const changes: Operation[] = []
    for await (const [key, value] of database.iterator(eventRows(this.name))) {
      const sequence = sequenceOf(key)
      const kept = decodeEventRow(key, value)
      if (kept && sequence <= seen) {
        if ('frame' in kept) entries.push(kept)
        else departed.push(kept)
        head = Math.max(head, sequence)
        continue
      }
      changes.push({ type: 'del', key })
      if (sequence > seen) {
        // The event that it took the place of is gone, too.
        const isInPlace = kept && 'frame' in kept && kept.place <= seen
        if (isInPlace) evictedThrough = Math.max(evictedThrough, seen)
        continue
      }
      report(`the stored event ${sequence} of channel ${this.name} is damaged; it is left out`)
      evictedThrough = Math.max(evictedThrough, sequence)
    }
    const isRowLost = !known && (stored !== undefined || head > 0)
    if (isRowLost) {
      report(`what was stored of channel ${this.name} besides its events is damaged or lost`)
      evictedThrough = Math.max(evictedThrough, (entries[0]?.sequence ?? head + 1) - 1)
    }
    if (this.#seen !== undefined) {
      // Numbers never go back behind what subscribers have; what the database lost is gone.
      if (head < this.#seen) evictedThrough = this.#seen
      head = this.#seen
    }
    const snapshot = { epoch: row.epoch, head, evictedThrough, entries, departed }
    const { delivered, undelivered } = await this.#deliveries(database, head)
    changes.push(...undelivered.map((key) => ({ type: 'del', key }) as const))
    this.#sequencer = new Sequencer(snapshot, this.options, this.options.now, delivered)
    this.#seen = head
    for (const change of this.#sequencer.changes) changes.push(...this.operations(change))
    if (isRowLost || head > row.head || this.#sequencer.evictedThrough > row.evictedThrough) {
      changes.push(this.rowOperation)
    }
    return changes
  }

  /** What the database is to know of it besides its events. */
  get rowOperation(): Operation {
    const key = channelKey(this.name)
    return { type: 'put', key, value: encodeChannelRow(key, this.sequencer) }
  }

  /**
   * The keys of what was delivered up to an event, the latest last, and those of the rows of what
   * was not: another event gets the number that they have.
   */
  async #deliveries(
    database: Database,
    head: number,
  ): Promise<{ delivered: string[]; undelivered: string[] }> {
    const all = await database.iterator(deliveryRows(this.name)).all()
    const rows = all.map(([key, value]) => ({ key, sequence: Number(value) }))
    return {
      delivered: rows
        .filter(({ sequence }) => sequence <= head)
        .sort((a, b) => a.sequence - b.sequence)
        .map(({ key }) => deliveryOf(this.name, key)),
      undelivered: rows.filter(({ sequence }) => sequence > head).map(({ key }) => key),
    }
  }

  /** Whether much was removed since its space on disk was last asked back. */
  get needsCompaction(): boolean {
    return this.#removals >= REMOVALS_PER_COMPACTION
  }

  /** Asks the space on disk back of what was removed. */
  async compact(database: Database): Promise<void> {
    this.#removals = 0
    await database.compactRange(eventKey(this.name, 0), eventKey(this.name, this.#removedThrough))
  }

  /** What an event that got its number is in the database. */
  operationsFor(event: HubEvent, numbered: Numbered, delivery: Delivery | undefined): Operation[] {
    const { entry, change, forgotten } = numbered
    const operations: Operation[] = []
    if (isKept(entry)) {
      const key = eventKey(this.name, entry.sequence)
      operations.push({ type: 'put', key, value: encodeEventRow(key, event, entry) })
    }
    operations.push(...this.operations(change))
    if (delivery) {
      const key = deliveryKey(this.name, delivery.key)
      operations.push({ type: 'put', key, value: `${entry.sequence}` })
    }
    if (forgotten !== undefined) {
      operations.push({ type: 'del', key: deliveryKey(this.name, forgotten) })
    }
    return operations
  }

  /** What a change of the history is in the database. */
  operations({ replaced, evicted, forgotten }: Change<KeptEntry>): Operation[] {
    const keyOf = ({ sequence }: Departed) => eventKey(this.name, sequence)
    const operations: Operation[] = []
    for (const gone of replaced ? [replaced, ...forgotten] : forgotten) {
      operations.push({ type: 'del', key: keyOf(gone) })
      this.#removals += 1
      this.#removedThrough = Math.max(this.#removedThrough, gone.sequence)
    }
    const known = new Set(forgotten.map(({ sequence }) => sequence))
    for (const gone of evicted) {
      if (known.has(gone.sequence)) continue // forgotten at once
      const key = keyOf(gone)
      operations.push({ type: 'put', key, value: encodeDepartedRow(key, gone) })
    }
    return operations
  }
}
