import { type Entry, isKept, type KeptEntry, type Snapshot } from '../event/entry.js'
import { type Evictions, History, type HistoryLimits, lastTooOld } from '../event/history.js'
import { Ring, type Window } from './ring.js'

/**
 * A channel's events as bytes in memory: its history, and its recent events whether in the
 * history or not, so that a short stall costs a subscriber nothing.
 */
export class Log {
  readonly epoch: string
  readonly history: History<KeptEntry>
  readonly recent: Ring
  /** Who has seen no more than this number may have missed what the store has lost; mostly 0. */
  readonly brokenThrough: number
  readonly #window: Window
  #lostThrough: number

  /**
   * @param limits how much the history keeps
   * @param evictions counted on when events leave the history
   */
  constructor(snapshot: Snapshot, limits: HistoryLimits, window: Window, evictions?: Evictions) {
    this.#window = window
    this.epoch = snapshot.epoch
    this.#lostThrough = snapshot.head
    this.brokenThrough = snapshot.brokenThrough ?? 0
    this.recent = new Ring(snapshot.head)
    this.history = new History(limits, snapshot.evictedThrough, evictions)
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
   * @param now the time in ms; another hub's clock, which dated it, may be ahead
   * @throws {RangeError} if its number is not one above the head
   */
  append(entry: Entry, keepAfter: number, now: number): void {
    this.recent.push(entry)
    if (isKept(entry)) {
      this.#expireHistory(Math.min(entry.time, now))
      const { replaced, evicted } = this.history.add(this.#placed(entry))
      for (const gone of replaced ? [replaced, ...evicted] : evicted) this.#leave(gone)
    }
    while (
      this.recent.first <= keepAfter &&
      (this.recent.size > this.#window.events || this.recent.bytes > this.#window.bytes)
    ) {
      this.#shift()
    }
  }

  /**
   * Lets go of what is older than the history may keep it.
   *
   * @param now the time in ms
   * @param keepAfter recent events after this number stay
   * @returns whether it has let go of anything
   */
  expire(now: number, keepAfter: number): boolean {
    const { cacheTtl = 0 } = this.history.limits
    if (cacheTtl === 0) return false
    const { first } = this.recent
    const { evictedThrough } = this.history
    this.#expireHistory(now)
    const last = Math.min(lastTooOld(this.recent.all(), now, cacheTtl), keepAfter)
    while (this.recent.size > 0 && this.recent.first <= last) this.#shift()
    return this.history.evictedThrough > evictedThrough || this.recent.first > first
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

  #expireHistory(now: number): void {
    for (const gone of this.history.expire(now).evicted) this.#leave(gone)
  }

  #shift(): void {
    const shifted = this.recent.shift()
    if (!this.#remembers(shifted)) this.#lose(shifted)
  }

  /** An event has left the history. */
  #leave(gone: Entry): void {
    if (gone.sequence < this.recent.first) this.#lose(gone)
  }

  #lose({ sequence }: Entry): void {
    this.#lostThrough = Math.max(this.#lostThrough, sequence)
  }
}
