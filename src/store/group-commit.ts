/** What is written at once at most. */
export interface GroupLimits<T> {
  readonly items: number
  /** The sum of their sizes, unless a single one is larger. */
  readonly size: number
  readonly sizeOf: (item: T) => number
}

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/** Writes many items as one: those of a tick together, and those that come during a write. */
export class GroupCommit<T, R> {
  readonly #write: (items: readonly T[]) => Promise<readonly R[]>
  readonly #schedule: (write: () => void) => void
  readonly #limits: GroupLimits<T>
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
    limits: GroupLimits<T> = { items: 4096, size: 1, sizeOf: () => 0 },
  ) {
    this.#write = write
    this.#schedule = schedule
    this.#limits = limits
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

  /** How many of those that wait are written next. */
  get #nextCount(): number {
    const { items, size, sizeOf } = this.#limits
    let count = 0
    let sum = 0
    for (const { item } of this.#waiting) {
      sum += sizeOf(item)
      if (count > 0 && (count === items || sum > size)) break
      count += 1
    }
    return count
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#nextCount)
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
