import { Ordered } from './ordered.js'

/** What the history needs to know of an event: its id, and its numbers as in `Entry`. */
export interface Remembered {
  readonly id: string
  readonly sequence: number
  readonly place: number
}

/**
 * Which events a channel remembers: of each id the latest, of all those the `limit` that came
 * last. An event whose id is in it already takes the old one's place. [ssehub]
 */
export class History<T extends Remembered> {
  readonly limit: number
  /** Every event that was pushed out for want of room has this sequence number or a lower one. */
  #evictedThrough: number
  readonly #byId = new Map<string, T>()
  readonly #bySequence = new Ordered<T>()
  readonly #byPlace = new Ordered<T>()

  /** @param limit how many events it keeps at most */
  constructor(limit: number, evictedThrough = 0) {
    this.limit = limit
    this.#evictedThrough = evictedThrough
  }

  get size(): number {
    return this.#byId.size
  }

  get evictedThrough(): number {
    return this.#evictedThrough
  }

  /** The event that came longest ago, and so the next to be pushed out. */
  get oldest(): T | undefined {
    return this.#bySequence.first
  }

  /** The event that came last. */
  get newest(): T | undefined {
    return this.#bySequence.last
  }

  get(id: string): T | undefined {
    return this.#byId.get(id)
  }

  /** The place that an event with this id and number will have. */
  placeFor(id: string | undefined, sequence: number): number {
    return (id !== undefined && this.#byId.get(id)?.place) || sequence
  }

  /**
   * Takes an event in; its number must be above all others, its place as `placeFor` says.
   *
   * @returns what it drops for that: the one that it replaces, the one that it pushes out
   */
  add(event: T): T[] {
    const dropped: T[] = []
    const replaced = this.#byId.get(event.id)
    if (replaced) {
      this.#bySequence.remove(replaced.sequence)
      this.#byPlace.replace(replaced.place, event)
      dropped.push(replaced)
    } else {
      this.#byPlace.push(event.place, event)
    }
    this.#byId.set(event.id, event)
    this.#bySequence.push(event.sequence, event)
    if (this.#byId.size > this.limit) dropped.push(this.#evict())
    return dropped
  }

  /**
   * Fills an empty history with what a store has kept, in any order.
   *
   * @returns what it drops because its limit is lower now than it was
   */
  load(events: readonly T[]): T[] {
    for (const event of events.toSorted((a, b) => a.place - b.place)) {
      this.#byPlace.push(event.place, event)
    }
    for (const event of events.toSorted((a, b) => a.sequence - b.sequence)) {
      this.#byId.set(event.id, event)
      this.#bySequence.push(event.sequence, event)
    }
    const dropped: T[] = []
    while (this.#byId.size > this.limit) dropped.push(this.#evict())
    return dropped
  }

  /** The events after a sequence number, as they came. */
  after(sequence: number): Generator<T, void, undefined> {
    return this.#bySequence.after(sequence)
  }

  /** The events after a place, in the order of their places: how `getcache` shows them. */
  afterPlace(place: number): Generator<T, void, undefined> {
    return this.#byPlace.after(place)
  }

  #evict(): T {
    const oldest = this.#bySequence.first as T
    this.#byId.delete(oldest.id)
    this.#bySequence.remove(oldest.sequence)
    this.#byPlace.remove(oldest.place)
    this.#evictedThrough = Math.max(this.#evictedThrough, oldest.sequence)
    return oldest
  }
}
