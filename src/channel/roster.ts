import type { Subscriber } from './subscriber.js'

/**
 * The subscribers of a channel, and a round through them that can pause: whoever leaves or comes
 * meanwhile, everybody who stays is visited once in each round.
 */
export class Roster implements Iterable<Subscriber> {
  readonly #members: Subscriber[] = []
  /** Those before this index have been visited in this round. */
  #next = 0

  get size(): number {
    return this.#members.length
  }

  /** Whether nobody has been visited in this round yet. */
  get isAtStart(): boolean {
    return this.#next === 0
  }

  add(subscriber: Subscriber): void {
    subscriber.index = this.#members.length
    this.#members.push(subscriber)
  }

  /** @returns false if it is not in the roster */
  remove(subscriber: Subscriber): boolean {
    if (this.#members[subscriber.index] !== subscriber) return false
    let hole = subscriber.index
    if (hole < this.#next) {
      this.#next -= 1
      this.#move(this.#next, hole)
      hole = this.#next
    }
    this.#move(this.#members.length - 1, hole)
    this.#members.pop()
    subscriber.index = -1
    return true
  }

  /** The next to be visited, or undefined when the round is over; then a new one begins. */
  next(): Subscriber | undefined {
    const subscriber = this.#members[this.#next]
    this.#next = subscriber ? this.#next + 1 : 0
    return subscriber
  }

  [Symbol.iterator](): Iterator<Subscriber> {
    return this.#members.slice().values()
  }

  #move(from: number, to: number): void {
    const subscriber = this.#members[from] as Subscriber
    this.#members[to] = subscriber
    subscriber.index = to
  }
}
