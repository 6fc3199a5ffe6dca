/** Events written at once at most. */
const MAX_GROUP = 4096

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/** Writes many items as one: those of a tick together, and those that come during a write. */
export class GroupCommit<T, R> {
  readonly #write: (items: readonly T[]) => Promise<readonly R[]>
  readonly #schedule: (write: () => void) => void
  #waiting: Waiting<T, R>[] = []
  #writing: Promise<void> | undefined

  /**
   * @param write writes items in their order, and gives a result for each; never called while
   *   it is under way. If it throws, all of its items have failed.
   * @param schedule calls back at the end of the tick
   */
  constructor(
    write: (items: readonly T[]) => Promise<readonly R[]>,
    schedule: (write: () => void) => void,
  ) {
    this.#write = write
    this.#schedule = schedule
  }

  /** Resolves when the item is written. */
  submit(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#writing ??= new Promise<void>(this.#schedule).then(() => this.#run())
    })
  }

  /** Resolves when all that was submitted is written or has failed. */
  async settle(): Promise<void> {
    await this.#writing
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP)
      try {
        const results = await this.#write(group.map(({ item }) => item))
        for (const [index, { resolve }] of group.entries()) resolve(results[index] as R)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#writing = undefined
  }
}
