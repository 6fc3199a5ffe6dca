import { Ordered } from './ordered.js'

/** What the history needs to know of an event: its id, and its numbers as in `Entry`. */
export interface Remembered {
  readonly id: string
  readonly sequence: number
  readonly place: number
  readonly first: number
  /** When the hub took it, in ms. */
  readonly time: number
  /** The wire bytes. */
  readonly frame: { readonly length: number }
}

/** How much a history keeps. */
export interface HistoryLimits {
  /** Events at most. */
  readonly cacheLength: number
  /** Bytes of frames at most; 0, or absent, is no limit. */
  readonly cacheBytes?: number
  /** Seconds after which an event leaves it; 0, or absent, is never. */
  readonly cacheTtl?: number
}

/** How many events have left histories for another reason than their number. */
export interface Evictions {
  bytes: number
  age: number
}

/** An event that has left the history: only its id is still known, and when that was sent. */
export type Departed = Pick<Remembered, 'id' | 'sequence' | 'first'>

/** What an event changes that comes into the history. */
export interface Change<T> {
  /** The event of the same id, which it replaces. */
  readonly replaced: T | undefined
  /** The events that are pushed out for want of room, or are too old, as they came. */
  readonly evicted: readonly T[]
  /** The ids that are not known any more as those of departed events. */
  readonly forgotten: readonly Departed[]
}

/** How many ids of departed events are known, besides as many as the history is long. */
export const DEPARTED = 4096

/**
 * Which events a channel remembers: of each id the latest, of all those as many that came last as
 * there is room for, none that is too old. An event whose id is in it already takes the old one's
 * place. [ssehub]
 *
 * Of events that were pushed out it still knows the id for a while: who resumes from one, or from
 * an id that comes again, must not take what lies between for seen.
 */
export class History<T extends Remembered> {
  readonly limits: HistoryLimits
  readonly #evictions: Evictions
  #bytes = 0
  /** Every event that has left it has this sequence number or a lower one. */
  #evictedThrough: number
  readonly #byId = new Map<string, T>()
  readonly #bySequence = new Ordered<T>()
  readonly #byPlace = new Ordered<T>()
  /** In the order in which they left. */
  readonly #departed = new Map<string, Departed>()

  /** @param evictions counted on when events leave it */
  constructor(
    limits: HistoryLimits,
    evictedThrough = 0,
    evictions: Evictions = { bytes: 0, age: 0 },
  ) {
    this.limits = limits
    this.#evictedThrough = evictedThrough
    this.#evictions = evictions
  }

  get size(): number {
    return this.#byId.size
  }

  /** Bytes of frames that it holds. */
  get bytes(): number {
    return this.#bytes
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
      this.#bytes -= replaced.frame.length
    } else {
      this.#byPlace.push(event.place, event)
    }
    this.#byId.set(event.id, event)
    this.#bySequence.push(event.sequence, event)
    this.#bytes += event.frame.length
    return { replaced, evicted: this.#evictExcess(forgotten), forgotten }
  }

  /** Lets go of what is older than it may be. */
  expire(now: number): Change<T> {
    const evicted: T[] = []
    const forgotten: Departed[] = []
    const through = this.expiredThrough(now)
    while (this.oldest && this.oldest.sequence <= through) {
      this.#evictions.age += 1
      evicted.push(this.#evict(forgotten))
    }
    return { replaced: undefined, evicted, forgotten }
  }

  /**
   * Every event that is older than it may be has this sequence number or a lower one. One that a
   * clock has dated ahead of now is as old at least as those behind it, which it does not hold back.
   */
  expiredThrough(now: number): number {
    const { cacheTtl = 0 } = this.limits
    return cacheTtl === 0 ? 0 : lastTooOld(this.#bySequence.after(0), now, cacheTtl)
  }

  /**
   * Fills an empty history with what a store has kept.
   *
   * @returns what it pushes out because its limits are lower now than they were
   */
  load(events: readonly T[], departed: readonly Departed[]): Change<T> {
    for (const one of departed) this.#departed.set(one.id, one)
    for (const event of events.toSorted((a, b) => a.place - b.place)) {
      this.#byPlace.push(event.place, event)
    }
    for (const event of events.toSorted((a, b) => a.sequence - b.sequence)) {
      this.#byId.set(event.id, event)
      this.#bySequence.push(event.sequence, event)
      this.#bytes += event.frame.length
    }
    const forgotten: Departed[] = []
    return { replaced: undefined, evicted: this.#evictExcess(forgotten), forgotten }
  }

  /** The events after a sequence number, as they came. */
  after(sequence: number): Generator<T, void, undefined> {
    return this.#bySequence.after(sequence)
  }

  /** The events after a place, in the order of their places: how `getcache` shows them. */
  afterPlace(place: number): Generator<T, void, undefined> {
    return this.#byPlace.after(place)
  }

  #evictExcess(forgotten: Departed[]): T[] {
    const { cacheLength, cacheBytes = 0 } = this.limits
    const evicted: T[] = []
    for (;;) {
      const isTooLong = this.size > cacheLength
      if (!isTooLong && (cacheBytes === 0 || this.#bytes <= cacheBytes)) return evicted
      if (!isTooLong) this.#evictions.bytes += 1
      evicted.push(this.#evict(forgotten))
    }
  }

  #evict(forgotten: Departed[]): T {
    const oldest = this.#bySequence.first as T
    const { id, sequence, place, first } = oldest
    this.#byId.delete(id)
    this.#bySequence.remove(sequence)
    this.#byPlace.remove(place)
    this.#bytes -= oldest.frame.length
    this.#evictedThrough = Math.max(this.#evictedThrough, sequence)
    this.#departed.set(id, { id, sequence, first })
    if (this.#departed.size > this.limits.cacheLength + DEPARTED) {
      const [longest] = this.#departed.values()
      this.#departed.delete((longest as Departed).id)
      forgotten.push(longest as Departed)
    }
    return oldest
  }
}

/**
 * The number up to which events are older than they may be.
 *
 * @param events as they came
 * @param now the time in ms
 * @param cacheTtl seconds that an event is kept
 * @returns 0 if none is
 */
export function lastTooOld(
  events: Iterable<Pick<Remembered, 'sequence' | 'time'>>,
  now: number,
  cacheTtl: number,
): number {
  let last = 0
  for (const { time, sequence } of events) {
    if (time > now) continue
    if (now - time <= cacheTtl * 1000) break
    last = sequence
  }
  return last
}
