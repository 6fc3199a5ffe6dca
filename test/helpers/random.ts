import { randomInt } from 'node:crypto'

/** A seed for this run: that of SSEHUB_TEST_SEED, to repeat one, or else a new one. */
export function seedOfRun(): number {
  const { SSEHUB_TEST_SEED: seed } = process.env
  return seed ? Number(seed) : randomInt(1_000_000)
}

/** Choices that come out the same again for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from 0 up to a limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** A whole number from one to another. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  isTrue(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly [T, ...T[]]): T
  pick<T>(list: readonly T[]): T | undefined
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  /** A seed for choices that are to be of their own. */
  seed(): number {
    return this.below(4_294_967_296)
  }
}
