/** Does what is to be done one after another in each lane, and in all lanes at once. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>()

  /** @param task must not fail: nobody is told */
  run(lane: string, task: () => Promise<void>): void {
    const before = this.#last.get(lane) ?? Promise.resolve()
    const done = before.then(task).finally(() => {
      if (this.#last.get(lane) === done) this.#last.delete(lane)
    })
    this.#last.set(lane, done)
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values())
  }
}
