import { within } from '../within.js'

/** What is under way, so that a stop can wait for it. */
export class Activity {
  readonly #tasks = new Set<unknown>()
  readonly #settled: (() => void)[] = []

  begin(task: unknown): void {
    this.#tasks.add(task)
  }

  end(task: unknown): void {
    this.#tasks.delete(task)
    if (this.#tasks.size === 0) for (const resolve of this.#settled.splice(0)) resolve()
  }

  /** Resolves when nothing is under way, at the latest after `timeout` ms. */
  async settle(timeout: number): Promise<void> {
    if (this.#tasks.size === 0) return
    await within(timeout, new Promise((resolve) => this.#settled.push(resolve)))
  }
}
