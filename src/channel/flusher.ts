/** What has something to flush: a channel. */
export interface Flushable {
  /**
   * Serves some of its subscribers.
   *
   * @param visits how many it may visit at most
   * @returns how many it did visit, and whether there is more to do
   */
  flush(visits: number): { visited: number; more: boolean }
}

/** How many subscribers are visited before the event loop gets its turn. */
const VISITS_PER_TURN = 512

/** How many of them are of one channel, so that others wait for no more than that. */
const VISITS_PER_CHANNEL = 128

/**
 * Serves the channels that have something to flush in turns, each a bounded step, so that a
 * channel with many subscribers keeps no other channel waiting.
 */
export class Flusher {
  readonly #due = new Set<Flushable>()
  readonly #schedule: (turn: () => void) => void
  #isScheduled = false

  /** @param schedule calls back once, after the input that is there has been read */
  constructor(schedule: (turn: () => void) => void = setImmediate) {
    this.#schedule = schedule
  }

  /** Asks for a channel to be flushed soon. */
  mark(channel: Flushable): void {
    this.#due.add(channel)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#schedule(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    let left = VISITS_PER_TURN
    for (const channel of [...this.#due]) {
      if (left <= 0) break
      this.#due.delete(channel)
      const { visited, more } = channel.flush(Math.min(left, VISITS_PER_CHANNEL))
      left -= visited
      if (more) this.#due.add(channel)
    }
    const [next] = this.#due
    if (next) this.mark(next)
  }
}
