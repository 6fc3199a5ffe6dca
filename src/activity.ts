import { within } from './within.js'

/** What is under way, so that a stop can wait for it. */
export class Activity<T> implements Iterable<T> {
  readonly #tasks = new Set<T>()
  readonly #settled: (() => void)[] = []

  begin(task: T): void {
    this.#tasks.add(task)
  }

  end(task: T): void {
    if (!this.#tasks.delete(task)) return
    if (this.#tasks.size === 0) for (const resolve of this.#settled.splice(0)) resolve()
  }

  /** Resolves when nothing is under way, at the latest after `timeout` ms. */
  async settle(timeout: number): Promise<void> {
    if (this.#tasks.size === 0) return
    await within(timeout, new Promise<void>((resolve) => this.#settled.push(resolve)))
  }

  /** What is under way now. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#tasks].values()
  }
}
