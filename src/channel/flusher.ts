/** What has something to flush: a channel. */
export interface Flushable {
  /**
   * Serves some of its subscribers.
   *
   * @param most what that may cost, unless a single subscriber costs more
   * @returns what it did cost, and whether there is more to do
   */
  flush(most: number): { cost: number; more: boolean }
}

/**
 * What a visit to a subscriber costs besides the bytes that it is sent: a system call takes about
 * as long as that many bytes more. So a cost of 4 MB is about a ms.
 */
export const VISIT_COST = 16_384

/** What a channel is given before the next has its turn: 32 visits. */
const STEP = 32 * VISIT_COST

/** How many steps are done before the event loop gets its turn. */
const STEPS = 8

/**
 * Serves the channels that have something to flush in bounded steps, so that neither many
 * subscribers nor large events of some keep another waiting. One that has not had a step since it
 * was marked comes before those that have: what is small is served at once.
 */
export class Flusher {
  readonly #fresh = new Set<Flushable>()
  readonly #begun = new Set<Flushable>()
  readonly #schedule: (turn: () => void) => void
  readonly #step: number
  #isScheduled = false

  /**
   * @param schedule calls back once, after the input that is there has been read
   * @param step what a channel is given before the next has its turn
   */
  constructor(schedule: (turn: () => void) => void = setImmediate, step = STEP) {
    this.#schedule = schedule
    this.#step = step
  }

  /** Asks for a channel to be flushed soon. */
  mark(channel: Flushable): void {
    if (!this.#begun.has(channel)) this.#fresh.add(channel)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#schedule(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    const left = this.#serve(this.#fresh, STEPS * this.#step, this.#begun.size > 0 ? this.#step : 0)
    this.#serve(this.#begun, left, 0)
    const [next = undefined] = this.#begun.size > 0 ? this.#begun : this.#fresh
    if (next) this.mark(next)
  }

  /** @returns what is left of what may be spent, `spare` of which is for others */
  #serve(channels: Set<Flushable>, most: number, spare: number): number {
    let left = most
    for (const channel of channels) {
      if (left <= spare) break
      channels.delete(channel)
      const { cost, more } = channel.flush(Math.min(left, this.#step))
      left -= cost
      this.#fresh.delete(channel) // it may have asked for more while it was served
      if (more) this.#begun.add(channel)
    }
    return left
  }
}
