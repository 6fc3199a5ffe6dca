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
  /** For each id that the log holds: the numbers under which it was sent first and last. */
  readonly #sent = new Map<string, { first: number; last: number }>()
  #lostThrough: number

  /** @param cacheLength how many events the history keeps at most */
  constructor(snapshot: Snapshot, cacheLength: number, window: Window) {
    this.#window = window
    this.epoch = snapshot.epoch
    this.#lostThrough = snapshot.head
    this.recent = new Ring(snapshot.head)
    this.history = new History(cacheLength, snapshot.evictedThrough)
    this.history.load(snapshot.entries)
    for (const { id, place, sequence } of this.history.after(0)) {
      this.#sent.set(id, { first: place, last: sequence })
    }
  }

  /** The number of the newest event; 0 where there was none yet. */
  get head(): number {
    return this.recent.head
  }

  /** Every event that the log holds no more, in whatever form, has this number or a lower one. */
  get lostThrough(): number {
    return this.#lostThrough
  }

  /** The number under which an id was first sent, as far as the log reaches back. */
  firstSent(id: string): number | undefined {
    return this.#sent.get(id)?.first
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
      const sent = this.#sent.get(entry.id)
      if (sent) sent.last = entry.sequence
      else this.#sent.set(entry.id, { first: entry.place, last: entry.sequence })
      for (const dropped of this.history.add(entry)) {
        if (dropped.sequence < this.recent.first) this.#lose(dropped)
      }
    }
    while (
      this.recent.first <= keepAfter &&
      (this.recent.size > this.#window.events || this.recent.bytes > this.#window.bytes)
    ) {
      const shifted = this.recent.shift()
      if (shifted.id === undefined || this.history.get(shifted.id) !== shifted) this.#lose(shifted)
    }
  }

  /** Share of the window that events after a number take up; 1 is all of it, more is possible. */
  load(after: number): number {
    const count = this.head - after
    const bytes = this.recent.bytes * (count / Math.max(this.recent.size, 1))
    return Math.max(count / this.#window.events, bytes / this.#window.bytes)
  }

  #lose(entry: Entry): void {
    this.#lostThrough = Math.max(this.#lostThrough, entry.sequence)
    if (entry.id !== undefined && this.#sent.get(entry.id)?.last === entry.sequence) {
      this.#sent.delete(entry.id)
    }
  }
}
