import type { Entry } from '../event/entry.js'

/** How much a channel's log holds of its recent events, besides the history. */
export interface Window {
  /** Events at most. */
  readonly events: number
  /** Bytes of frames at most. */
  readonly bytes: number
}

/** The recent events of a channel, without a hole: each one's number is one above the one before. */
export class Ring {
  #entries: (Entry | undefined)[] = []
  /** The index of the oldest entry; what is before it is cut off now and then. */
  #start = 0
  #bytes = 0
  #head: number

  /** @param head the number of the last event before the first that will be pushed */
  constructor(head: number) {
    this.#head = head
  }

  /** The number of the newest event. */
  get head(): number {
    return this.#head
  }

  /** The number of the oldest event held; one above the head where none is. */
  get first(): number {
    return this.#head - this.size + 1
  }

  get size(): number {
    return this.#entries.length - this.#start
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The event of that number, which must be held. */
  at(sequence: number): Entry {
    return this.#entries[this.#start + sequence - this.first] as Entry
  }

  /** All events that it holds, the oldest first; it must not change while they are read. */
  *all(): Generator<Entry, void, undefined> {
    for (let sequence = this.first; sequence <= this.#head; sequence += 1) yield this.at(sequence)
  }

  push(entry: Entry): void {
    if (entry.sequence !== this.#head + 1) {
      throw new RangeError(`event ${entry.sequence} cannot follow event ${this.#head}`)
    }
    this.#entries.push(entry)
    this.#head = entry.sequence
    this.#bytes += entry.frame.length
  }

  /** Takes the oldest event out. */
  shift(): Entry {
    const entry = this.#entries[this.#start] as Entry
    this.#entries[this.#start] = undefined // not to be held until the cut
    this.#start += 1
    this.#bytes -= entry.frame.length
    if (this.#start * 2 > this.#entries.length + 64) {
      this.#entries = this.#entries.slice(this.#start)
      this.#start = 0
    }
    return entry
  }
}
