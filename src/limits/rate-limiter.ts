/** How many keys are known at most; of those beyond, the ones that came longest ago are forgotten. */
const MAX_KEYS = 100_000

interface Bucket {
  tokens: number
  /** When it was last looked at, in ms. */
  at: number
  /** When it last became the newest, in ms. */
  placed: number
}

/** Ms in which those that are used keep their order: to change that costs more than the rest. */
const SETTLED = 1000

/** Lets each key do something so many times a second, and as many at once after a pause. */
export class RateLimiter {
  readonly #rate: number
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  /**
   * @param rate times a second; 0 is no limit
   * @param now the time in ms
   */
  constructor(rate: number, now: () => number) {
    this.#rate = rate
    this.#now = now
  }

  /** Whether a key may once more; then that is counted. */
  take(key: string): boolean {
    if (this.#rate === 0) return true
    const now = this.#now()
    const bucket = this.#buckets.get(key) ?? {
      tokens: this.#rate,
      at: now,
      placed: Number.NEGATIVE_INFINITY,
    }
    const earned = (Math.max(0, now - bucket.at) / 1000) * this.#rate
    bucket.tokens = Math.min(this.#rate, bucket.tokens + earned)
    bucket.at = now
    if (now - bucket.placed >= SETTLED) this.#place(key, bucket, now)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }

  #place(key: string, bucket: Bucket, now: number): void {
    bucket.placed = now
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size <= MAX_KEYS) return
    const [oldest] = this.#buckets.keys()
    this.#buckets.delete(oldest as string)
  }
}
