import type { Batch, Batches } from './batch.js'
import { Cursor } from './cursor.js'
import { VISIT_COST } from './flusher.js'
import type { Log } from './log.js'
import { Roster } from './roster.js'
import type { Subscriber } from './subscriber.js'

/**
 * The subscribers that keep up and are shown everything. They share one cursor and go along the
 * log together, a batch at a time: that costs each of them a write, and nothing is done besides.
 */
export class Pack implements Iterable<Subscriber> {
  readonly #roster = new Roster()
  /** Where those stand who have not been given the batch that is under way. */
  #cursor: Cursor
  #batch: Batch | undefined
  /** The last id that it was sent, and where it stood then. */
  #lastId: string | undefined
  #lastIdAt = 0
  #writtenAt = 0

  constructor(log: Log) {
    this.#cursor = new Cursor(log, { from: 'now' })
  }

  get size(): number {
    return this.#roster.size
  }

  /** All of it have been shown all up to this number. */
  get sequence(): number {
    return this.#cursor.position.sequence
  }

  /** Whether something that should have come next for it is not there any more. */
  isPassedBy(log: Log): boolean {
    return this.#cursor.isPassedBy(log)
  }

  /** Whether a subscriber that is level with the log stands where it does, or a part of it. */
  isBeside({ cursor }: Subscriber): boolean {
    const { sequence } = cursor.position
    return this.size === 0 || sequence === this.sequence || sequence === this.#batch?.end.sequence
  }

  /** Takes in a subscriber that is beside it. */
  add(subscriber: Subscriber, log: Log): void {
    if (this.size === 0) {
      this.#roster.rewind()
      this.#batch = undefined
      this.#cursor = new Cursor(log, { from: 'now' })
      this.#lastIdAt = 0 // numbers of a log that was reset say nothing in the next one
    }
    if (subscriber.cursor.position.sequence === this.sequence) this.#roster.add(subscriber)
    else this.#roster.addVisited(subscriber)
  }

  /** Lets a subscriber go its own way from where it is; false if it is none of it. */
  remove(subscriber: Subscriber): boolean {
    if (!this.#roster.has(subscriber)) return false
    this.#tell(subscriber)
    return this.#roster.remove(subscriber)
  }

  /** Begins to give all what comes next, if anything does. */
  begin(batches: Batches, log: Log): void {
    if (this.size > 0 && !this.#cursor.isAtHead(log)) {
      this.#batch = batches.next(this.#cursor, undefined)
    }
  }

  /**
   * Goes on giving all what was begun; one whose network has not taken what it was given before is
   * left to go its own way.
   *
   * @param most what that may cost
   * @returns what it did cost
   */
  serve(most: number, now: number, onLaggard: (subscriber: Subscriber) => void): number {
    const batch = this.#batch
    if (!batch) return 0
    const { bytes } = batch
    this.#writtenAt = now
    let cost = 0
    while (cost < most) {
      const sink = this.#roster.nextSink
      if (!sink) {
        this.#arrive(batch)
        break
      }
      if (sink.isPending) {
        const laggard = this.#roster.next as Subscriber
        this.remove(laggard)
        onLaggard(laggard)
        continue
      }
      this.#roster.visit()
      sink.write(bytes)
      cost += VISIT_COST + bytes.length
    }
    return cost
  }

  /** All of it, each told where it stands. */
  *[Symbol.iterator](): Iterator<Subscriber> {
    for (const subscriber of this.#roster) {
      this.#tell(subscriber)
      yield subscriber
    }
  }

  /** All have been given what was begun. */
  #arrive({ end, lastId }: Batch): void {
    this.#cursor.moveTo(end)
    this.#batch = undefined
    this.#roster.rewind()
    if (lastId === undefined) return
    this.#lastId = lastId
    this.#lastIdAt = end.sequence
  }

  #tell(subscriber: Subscriber): void {
    const { cursor } = subscriber
    if (this.#lastIdAt > cursor.position.sequence) subscriber.lastId = this.#lastId
    cursor.moveTo(this.#cursor.position)
    if (this.#batch && this.#roster.hasVisited(subscriber)) {
      subscriber.lastId = this.#batch.lastId ?? subscriber.lastId
      cursor.moveTo(this.#batch.end)
    }
    subscriber.writtenAt = Math.max(subscriber.writtenAt, this.#writtenAt)
  }
}
