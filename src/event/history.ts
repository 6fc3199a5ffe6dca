import { Ordered } from './ordered.js'

/** What the history needs to know of an event: its id, and its numbers as in `Entry`. */
export interface Remembered {
  readonly id: string
  readonly sequence: number
  readonly place: number
  readonly first: number
}

/** An event that has left the history: only its id is still known, and when that was sent. */
export type Departed = Pick<Remembered, 'id' | 'sequence' | 'first'>

/** What an event changes that comes into the history. */
export interface Change<T> {
  /** The event of the same id, which it replaces. */
  readonly replaced: T | undefined
  /** The event that is pushed out for want of room. */
  readonly evicted: T | undefined
  /** The ids that are not known any more as those of departed events. */
  readonly forgotten: readonly Departed[]
}

/** How many ids of departed events are known, besides as many as the history is long. */
export const DEPARTED = 4096

/**
 * Which events a channel remembers: of each id the latest, of all those the `limit` that came
 * last. An event whose id is in it already takes the old one's place. [ssehub]
 *
 * Of events that were pushed out it still knows the id for a while: who resumes from one, or from
 * an id that comes again, must not take what lies between for seen.
 */
export class History<T extends Remembered> {
  readonly limit: number
  /** Every event that was pushed out for want of room has this sequence number or a lower one. */
  #evictedThrough: number
  readonly #byId = new Map<string, T>()
  readonly #bySequence = new Ordered<T>()
  readonly #byPlace = new Ordered<T>()
  /** In the order in which they left. */
  readonly #departed = new Map<string, Departed>()

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

  /** In the order in which they left. */
  get departed(): Iterable<Departed> {
    return this.#departed.values()
  }

  get(id: string): T | undefined {
    return this.#byId.get(id)
  }

  /** The number under which an id was first sent, as far as that is known. */
  firstSent(id: string): number | undefined {
    return (this.#byId.get(id) ?? this.#departed.get(id))?.first
  }

  /** The numbers that an event with this id will have if it comes now. */
  numbersFor(id: string | undefined, sequence: number): { place: number; first: number } {
    const here = id === undefined ? undefined : this.#byId.get(id)
    const place = here?.place ?? sequence
    const first = (id === undefined ? undefined : this.firstSent(id)) ?? sequence
    return { place, first }
  }

  /** Takes an event in; its sequence must be above all others, the rest as `numbersFor` says. */
  add(event: T): Change<T> {
    const forgotten: Departed[] = []
    const departed = this.#departed.get(event.id)
    if (departed) {
      this.#departed.delete(event.id)
      forgotten.push(departed)
    }
    const replaced = this.#byId.get(event.id)
    if (replaced) {
      this.#bySequence.remove(replaced.sequence)
      this.#byPlace.replace(replaced.place, event)
    } else {
      this.#byPlace.push(event.place, event)
    }
    this.#byId.set(event.id, event)
    this.#bySequence.push(event.sequence, event)
    const evicted = this.#byId.size > this.limit ? this.#evict(forgotten) : undefined
    return { replaced, evicted, forgotten }
  }

  /**
   * Fills an empty history with what a store has kept.
   *
   * @returns what it pushes out because its limit is lower now than it was
   */
  load(events: readonly T[], departed: readonly Departed[]): Change<T>[] {
    for (const one of departed) this.#departed.set(one.id, one)
    for (const event of events.toSorted((a, b) => a.place - b.place)) {
      this.#byPlace.push(event.place, event)
    }
    for (const event of events.toSorted((a, b) => a.sequence - b.sequence)) {
      this.#byId.set(event.id, event)
      this.#bySequence.push(event.sequence, event)
    }
    const changes: Change<T>[] = []
    while (this.#byId.size > this.limit) {
      const forgotten: Departed[] = []
      changes.push({ replaced: undefined, evicted: this.#evict(forgotten), forgotten })
    }
    return changes
  }

  /** The events after a sequence number, as they came. */
  after(sequence: number): Generator<T, void, undefined> {
    return this.#bySequence.after(sequence)
  }

  /** The events after a place, in the order of their places: how `getcache` shows them. */
  afterPlace(place: number): Generator<T, void, undefined> {
    return this.#byPlace.after(place)
  }

  #evict(forgotten: Departed[]): T {
    const oldest = this.#bySequence.first as T
    const { id, sequence, place, first } = oldest
    this.#byId.delete(id)
    this.#bySequence.remove(sequence)
    this.#byPlace.remove(place)
    this.#evictedThrough = Math.max(this.#evictedThrough, sequence)
    this.#departed.set(id, { id, sequence, first })
    if (this.#departed.size > this.limit + DEPARTED) {
      const [longest] = this.#departed.values()
      this.#departed.delete((longest as Departed).id)
      forgotten.push(longest as Departed)
    }
    return oldest
  }
}
