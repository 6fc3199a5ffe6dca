/** Keeps some time between one turn and the next. */
export class Pacer {
  #lastAt = Number.NEGATIVE_INFINITY
  #pending: { readonly begin: () => void; timer: NodeJS.Timeout } | undefined

  /** Resolves when the next turn may begin: so many ms after the last one began. */
  async turn(spacing: number): Promise<void> {
    const early = this.#lastAt + spacing - performance.now()
    if (early > 0) {
      await new Promise<void>((begin) => {
        this.#pending = { begin, timer: setTimeout(begin, early) }
      })
      this.#pending = undefined
    }
    this.#lastAt = performance.now()
  }

  /** Lets the turn that waits begin so many ms after the last one, if that is sooner. */
  hurry(spacing: number): void {
    if (!this.#pending) return
    clearTimeout(this.#pending.timer)
    const early = this.#lastAt + spacing - performance.now()
    this.#pending.timer = setTimeout(this.#pending.begin, Math.max(0, early))
  }
}
