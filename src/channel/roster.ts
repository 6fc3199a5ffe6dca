import type { Sink } from './sink.js'
import type { Subscriber } from './subscriber.js'

/**
 * Subscribers, and a round through them that can pause: whoever leaves or comes meanwhile,
 * everybody who stays is visited once in each round.
 */
export class Roster implements Iterable<Subscriber> {
  readonly #members: Subscriber[] = []
  /** Their sinks, in the same order: a visit that needs nothing else touches nothing else. */
  readonly #sinks: Sink[] = []
  /** Those before this index have been visited in this round. */
  #visited = 0

  get size(): number {
    return this.#members.length
  }

  /** Who comes next in this round; undefined at its end. */
  get next(): Subscriber | undefined {
    return this.#members[this.#visited]
  }

  /** The sink of who comes next. */
  get nextSink(): Sink | undefined {
    return this.#sinks[this.#visited]
  }

  /** Counts as visited who comes next. */
  visit(): void {
    this.#visited += 1
  }

  /** Begins a new round. */
  rewind(): void {
    this.#visited = 0
  }

  has(subscriber: Subscriber): boolean {
    return this.#members[subscriber.index] === subscriber
  }

  hasVisited(subscriber: Subscriber): boolean {
    return subscriber.index < this.#visited
  }

  /** Takes in one who is still to be visited in this round. */
  add(subscriber: Subscriber): void {
    this.#put(subscriber, this.#members.length)
  }

  /** Takes in one who counts as visited in this round. */
  addVisited(subscriber: Subscriber): void {
    const next = this.next
    if (next) this.add(next)
    this.#put(subscriber, this.#visited)
    this.#visited += 1
  }

  /** @returns false if it is not in the roster */
  remove(subscriber: Subscriber): boolean {
    if (!this.has(subscriber)) return false
    let hole = subscriber.index
    if (hole < this.#visited) {
      this.#visited -= 1
      this.#put(this.#members[this.#visited] as Subscriber, hole)
      hole = this.#visited
    }
    const last = this.#members.pop() as Subscriber
    this.#sinks.pop()
    if (hole < this.#members.length) this.#put(last, hole)
    subscriber.index = -1
    return true
  }

  [Symbol.iterator](): Iterator<Subscriber> {
    return this.#members.slice().values()
  }

  #put(subscriber: Subscriber, index: number): void {
    this.#members[index] = subscriber
    this.#sinks[index] = subscriber.sink
    subscriber.index = index
  }
}
