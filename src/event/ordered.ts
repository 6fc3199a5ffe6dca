/**
 * Values under rising keys: added at the end, removed anywhere, read on from any key.
 * Adding and removing cost O(1) over time, finding a key O(log n).
 */
export class Ordered<T> {
  #keys: number[] = []
  #values: (T | undefined)[] = []
  #size = 0
  /** Before this index everything is removed. */
  #start = 0

  get size(): number {
    return this.#size
  }

  /** The value under the lowest key. */
  get first(): T | undefined {
    return this.#values[this.#start]
  }

  /** The value under the highest key. */
  get last(): T | undefined {
    return this.#values.findLast((value) => value !== undefined)
  }

  /** Adds a value; its key must be above all others. */
  push(key: number, value: T): void {
    this.#keys.push(key)
    this.#values.push(value)
    this.#size += 1
  }

  /** Puts another value under a key that is there. */
  replace(key: number, value: T): void {
    this.#values[this.#indexOf(key)] = value
  }

  /** Removes what is under a key that is there. */
  remove(key: number): void {
    this.#values[this.#indexOf(key)] = undefined
    this.#size -= 1
    while (this.#start < this.#values.length && this.#values[this.#start] === undefined) {
      this.#start += 1
    }
    if (this.#values.length > 2 * this.#size + 32) this.#compact()
  }

  /** The values above a key, in order; the list must not change while they are read. */
  *after(key: number): Generator<T, void, undefined> {
    for (let index = this.#indexFrom(key + 1); index < this.#values.length; index += 1) {
      const value = this.#values[index]
      if (value !== undefined) yield value
    }
  }

  #indexOf(key: number): number {
    const index = this.#indexFrom(key)
    if (this.#keys[index] !== key || this.#values[index] === undefined) {
      throw new RangeError(`there is nothing under ${key}`)
    }
    return index
  }

  /** The index of the first key that is not below `key`. */
  #indexFrom(key: number): number {
    let low = this.#start
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] as number) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #compact(): void {
    this.#keys = this.#keys.filter((_, index) => this.#values[index] !== undefined)
    this.#values = this.#values.filter((value) => value !== undefined)
    this.#start = 0
  }
}
