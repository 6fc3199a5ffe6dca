import { type Entry, isKept, type KeptEntry, type Snapshot, toEntry } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import { type Change, History } from '../event/history.js'
import { Delivered } from './delivered.js'
import type { Delivery, StoredChannelOptions } from './store.js'

/** An event with its number. */
export interface Numbered {
  readonly entry: Entry
  /** What changes in the history. */
  readonly change: Change<KeptEntry>
  /** The key of a delivery that is not known any more because of it. */
  readonly forgotten: string | undefined
}

/**
 * Numbers the events of a channel whose truth is in this process, and keeps its history in memory
 * for reading. [ssehub] The entries are the same objects that the channel's log holds.
 */
export class Sequencer {
  readonly #epoch: string
  readonly #assignIds: boolean
  readonly #now: () => number
  readonly #history: History<KeptEntry>
  readonly #delivered: Delivered
  #head: number
  /** What changed because the history has less room now than it had for the snapshot. */
  readonly changes: readonly Change<KeptEntry>[]

  /** @param delivered the keys of earlier deliveries, the latest last */
  constructor(
    snapshot: Snapshot,
    options: StoredChannelOptions,
    now: () => number,
    delivered: Iterable<string> = [],
  ) {
    this.#epoch = snapshot.epoch
    this.#head = snapshot.head
    this.#assignIds = options.assignIds
    this.#now = now
    this.#delivered = new Delivered(delivered)
    this.#history = new History(options, snapshot.evictedThrough)
    this.changes = [
      this.#history.load(snapshot.entries, snapshot.departed),
      this.#history.expire(now()),
    ]
  }

  /** Lets go of what has become too old, and says what that changes. */
  expire(): Change<KeptEntry> {
    return this.#history.expire(this.#now())
  }

  get epoch(): string {
    return this.#epoch
  }

  get head(): number {
    return this.#head
  }

  get evictedThrough(): number {
    return this.#history.evictedThrough
  }

  /** Gives an event the next number, and says what that changes; undefined for one it has had. */
  next(event: HubEvent): Numbered
  next(event: HubEvent, delivery: Delivery | undefined): Numbered | undefined
  next(event: HubEvent, delivery?: Delivery): Numbered | undefined {
    if (delivery?.isRepeat && this.#delivered.has(delivery.key)) return undefined
    const time = this.#now()
    const old = this.#history.expire(time)
    const sequence = this.#head + 1
    const id = event.id ?? (this.#assignIds ? `${this.#epoch}-${sequence}` : undefined)
    const entry = toEntry(id === undefined ? event : { ...event, id }, {
      sequence,
      ...this.#history.numbersFor(id, sequence),
      time,
    })
    this.#head = sequence
    return {
      entry,
      change: isKept(entry) ? both(old, this.#history.add(entry)) : old,
      forgotten: delivery && this.#delivered.add(delivery.key),
    }
  }

  snapshot(after: number): Snapshot {
    const { epoch, head } = this
    const expired = this.#history.expiredThrough(this.#now())
    const evictedThrough = Math.max(this.evictedThrough, expired)
    const entries = [...this.#history.after(Math.max(after, expired))]
    return { epoch, head, evictedThrough, entries, departed: [...this.#history.departed] }
  }
}

/** A change, and the one after it. */
function both(one: Change<KeptEntry>, next: Change<KeptEntry>): Change<KeptEntry> {
  if (one.evicted.length === 0) return next
  return {
    replaced: next.replaced,
    evicted: [...one.evicted, ...next.evicted],
    forgotten: [...one.forgotten, ...next.forgotten],
  }
}
