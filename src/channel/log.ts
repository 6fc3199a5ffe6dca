import { type Entry, isKept, type KeptEntry, type Snapshot } from '../event/entry.js'
import { History } from '../event/history.js'
import { Ring, type Window } from './ring.js'

/**
 * A channel's events as bytes in memory: its history, and its recent events whether in the
 * history or not, so that a short stall costs a subscriber nothing.
 */
export class Log {
  readonly epoch: string
  readonly history: History<KeptEntry>
  readonly recent: Ring
  readonly #window: Window
  #lostThrough: number

  /** @param cacheLength how many events the history keeps at most */
  constructor(snapshot: Snapshot, cacheLength: number, window: Window) {
    this.#window = window
    this.epoch = snapshot.epoch
    this.#lostThrough = snapshot.head
    this.recent = new Ring(snapshot.head)
    this.history = new History(cacheLength, snapshot.evictedThrough)
    this.history.load(snapshot.entries, snapshot.departed)
  }

  /** The number of the newest event; 0 where there was none yet. */
  get head(): number {
    return this.recent.head
  }

  /** Every event that the log holds no more, in whatever form, has this number or a lower one. */
  get lostThrough(): number {
    return this.#lostThrough
  }

  /**
   * Takes the next event in, and lets go of recent ones beyond the window.
   *
   * @param keepAfter recent events after this number stay, whatever the window says
   * @throws {RangeError} if its number is not one above the head
   */
  append(entry: Entry, keepAfter: number): void {
    this.recent.push(entry)
    if (isKept(entry)) {
      const { replaced, evicted } = this.history.add(this.#placed(entry))
      for (const gone of [replaced, evicted]) {
        if (gone && gone.sequence < this.recent.first) this.#lose(gone)
      }
    }
    while (
      this.recent.first <= keepAfter &&
      (this.recent.size > this.#window.events || this.recent.bytes > this.#window.bytes)
    ) {
      const shifted = this.recent.shift()
      if (!this.#remembers(shifted)) this.#lose(shifted)
    }
  }

  /** Share of the window that events after a number take up; 1 is all of it, more is possible. */
  load(after: number): number {
    const count = this.head - after
    const bytes = this.recent.bytes * (count / Math.max(this.recent.size, 1))
    return Math.max(count / this.#window.events, bytes / this.#window.bytes)
  }

  /** The store may have lost, or another hub let go of, what the log still has: that counts. */
  #placed(entry: KeptEntry): KeptEntry {
    const { place, first } = this.history.numbersFor(entry.id, entry.sequence)
    if (place === entry.place && first >= entry.first) return entry
    return { ...entry, place, first: Math.min(first, entry.first) }
  }

  #remembers({ id, sequence }: Entry): boolean {
    return id !== undefined && this.history.get(id)?.sequence === sequence
  }

  #lose({ sequence }: Entry): void {
    this.#lostThrough = Math.max(this.#lostThrough, sequence)
  }
}
