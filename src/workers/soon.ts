/** Ms that are waited for more to come. */
const PERIOD = 20

/**
 * Does something soon after it is asked to, once for all who ask meanwhile: a few times in a while
 * at the end of the turn, and else a little later.
 */
export class Soon {
  readonly #act: () => void
  readonly #eager: number
  #isDue = false
  /** Since when, in ms, it counts how often it was asked. */
  #since = Number.NEGATIVE_INFINITY
  #times = 0

  /** @param eager how often in 20 ms it is done at the end of the turn, if the last were calmer */
  constructor(act: () => void, eager: number) {
    this.#act = act
    this.#eager = eager
  }

  ask(): void {
    if (this.#isDue) return
    this.#isDue = true
    const now = performance.now()
    if (now - this.#since >= PERIOD) {
      const isBusy = this.#times > this.#eager && now - this.#since < 2 * PERIOD
      this.#times = isBusy ? this.#eager : 0
      this.#since = now
    }
    this.#times += 1
    if (this.#times <= this.#eager) setImmediate(() => this.now())
    else setTimeout(() => this.now(), this.#since + PERIOD - now)
  }

  /** Does it now if it is still to be done. */
  now(): void {
    if (!this.#isDue) return
    this.#isDue = false
    this.#act()
  }
}
