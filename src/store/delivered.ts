/** How many deliveries a store knows again, for each channel. */
const LIMIT = 20_000

/** The keys of what was last delivered to a channel, so that it is not appended twice. */
export class Delivered {
  readonly #keys: Set<string>

  /** @param keys the latest last */
  constructor(keys: Iterable<string> = []) {
    this.#keys = new Set(keys)
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** @returns the key that is not known any more for it */
  add(key: string): string | undefined {
    this.#keys.delete(key)
    this.#keys.add(key)
    if (this.#keys.size <= LIMIT) return undefined
    const [oldest] = this.#keys
    this.#keys.delete(oldest as string)
    return oldest
  }
}
