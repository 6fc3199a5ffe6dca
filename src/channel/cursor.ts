import type { Entry } from '../event/entry.js'
import type { GapReason } from './gap.js'
import type { Log } from './log.js'

/** Where a new subscriber begins. */
export type Start =
  /** With what comes from now on. */
  | { readonly from: 'now' }
  /** After the first event of this id, or with the whole history where the id is not known. */
  | { readonly from: 'id'; readonly id: string }
  /** With the whole history, each event at its place. */
  | { readonly from: 'history' }

/** How far along the log a cursor is. */
export interface Position {
  /** All up to this number was shown, or is not to be. */
  readonly sequence: number
  /** The place last shown, while the whole history is being shown; then undefined. */
  readonly place: number | undefined
}

/**
 * Where a subscriber stands in its channel's log. Of the time before it joined it is shown the
 * history; from then on, everything. Replay and live delivery are the same step along the log.
 */
export class Cursor {
  #position: Position
  /** The number of the newest event when it joined, or up to which it was told of a gap. */
  #joined: number
  /** What had been pushed out of the history when it joined, which it cannot miss. */
  #evictedBefore = 0
  /** What it has to be told before anything else. */
  #missed: GapReason | undefined
  /** Why the log is past it, if it is. */
  #whyPassed: GapReason = 'slow'

  constructor(log: Log, start: Start) {
    this.#joined = log.head
    this.#position = { sequence: log.head, place: undefined }
    if (start.from === 'history') {
      this.#position = { sequence: log.head, place: 0 }
      this.#evictedBefore = log.history.evictedThrough
    } else if (start.from === 'id') {
      const sent = log.history.firstSent(start.id)
      const sequence = sent ?? log.history.evictedThrough
      this.#position = { sequence, place: undefined }
      if (sent === undefined) this.#missed = 'unknown-id'
      else if (sent <= log.brokenThrough || this.isPassedBy(log)) this.#missed = 'evicted'
    }
  }

  get position(): Position {
    return this.#position
  }

  /** Whether it has been shown all that there is. */
  isAtHead(log: Log): boolean {
    const { sequence, place } = this.#position
    return sequence === log.head && place === undefined && this.#missed === undefined
  }

  /** Whether something that should come next for it is not there any more. */
  isPassedBy(log: Log): boolean {
    const { sequence, place } = this.#position
    const { evictedThrough } = log.history
    if (place !== undefined) return evictedThrough > Math.max(place, this.#evictedBefore)
    if (sequence < this.#joined) return Math.min(evictedThrough, this.#joined) > sequence
    return log.lostThrough > sequence
  }

  /** Whether it has been shown all of the time before it joined. */
  get isLive(): boolean {
    return this.#position.sequence >= this.#joined && this.#position.place === undefined
  }

  /** The same for cursors that the same events come next for, once told of their gaps. */
  get key(): string {
    const { sequence, place } = this.#position
    return this.isLive ? `${sequence}` : `${sequence} ${place} ${this.#joined}`
  }

  moveTo(position: Position): void {
    this.#position = position
  }

  /**
   * Goes over to another log of its channel, which does not go on where the one before ended.
   *
   * @param reason why; after a `reset` its place in the old log means nothing in the new one
   */
  breakOff(log: Log, reason: GapReason): void {
    this.#whyPassed = reason
    if (reason !== 'reset') return
    this.#missed = reason
    this.#joined = log.head
    this.#position = { sequence: log.history.evictedThrough, place: undefined }
  }

  /**
   * Why something that should have come next for it is not there any more, else undefined.
   * The cursor is then before the oldest event still held that it has not been shown.
   */
  takeGap(log: Log): GapReason | undefined {
    const reason = this.#missed ?? (this.isPassedBy(log) ? this.#whyPassed : undefined)
    if (!reason) return undefined
    this.#missed = undefined
    this.#whyPassed = 'slow'
    const { evictedThrough } = log.history
    const { sequence, place } = this.#position
    if (place !== undefined) {
      this.#evictedBefore = evictedThrough
    } else {
      this.#joined = Math.max(this.#joined, log.lostThrough)
      const held = Math.max(sequence, Math.min(evictedThrough, this.#joined))
      this.#position = { sequence: held, place }
    }
    return reason
  }

  /** The events that come next for it, in order, and where it stands after each. */
  *ahead(log: Log): Generator<[Entry | undefined, Position], void, undefined> {
    const { history, recent } = log
    let { sequence, place } = this.#position
    if (place !== undefined) {
      for (const entry of history.afterPlace(place)) {
        // An event that came after it joined took this place: it is shown that one live.
        if (entry.sequence > this.#joined) continue
        yield [entry, { sequence, place: entry.place }]
      }
      sequence = this.#joined
      place = undefined
      yield [undefined, { sequence, place }]
      if (log.lostThrough > sequence) return
    }
    for (const end of [this.#joined, recent.first - 1]) {
      if (sequence >= end) continue
      for (const entry of history.after(sequence)) {
        if (entry.sequence > end) break
        yield [entry, { sequence: entry.sequence, place }]
      }
      sequence = end
      yield [undefined, { sequence, place }]
      if (log.lostThrough > sequence) return
    }
    while (sequence < log.head) {
      sequence += 1
      yield [recent.at(sequence), { sequence, place }]
    }
  }
}
