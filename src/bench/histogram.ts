/** How many bits of a value are kept: a bucket is at most a 128th of its values wide. */
const BITS = 8
const HALF = 2 ** (BITS - 1)
const MAX_VALUE = 2 ** 31 - 1
const BUCKETS = bucketOf(MAX_VALUE) + 1

/** What of a histogram goes from process to process. */
export interface HistogramData {
  readonly counts: Float64Array
  readonly max: number
  readonly sum: number
}

/**
 * How often values occurred, in buckets that grow with the values, as in an HDR histogram:
 * whole numbers from 0 to 2^31 - 1, exact below 256, within 0.8 % above.
 */
export class Histogram {
  #counts = new Float64Array(BUCKETS)
  #max = 0
  #sum = 0

  /** @param value is rounded down, and brought into the range */
  record(value: number): void {
    const whole = value > MAX_VALUE ? MAX_VALUE : value > 0 ? value | 0 : 0
    const bucket = bucketOf(whole)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += whole
    if (whole > this.#max) this.#max = whole
  }

  /** Adds what another one has recorded. */
  merge({ counts, max, sum }: HistogramData): void {
    for (const [bucket, count] of counts.entries()) {
      if (count > 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    }
    this.#max = Math.max(this.#max, max)
    this.#sum += sum
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  get max(): number {
    return this.#max
  }

  /** 0 where nothing is recorded. */
  get mean(): number {
    return this.#sum / Math.max(this.count, 1)
  }

  /**
   * The value that so many of all are at most; 0 where nothing is recorded.
   *
   * @param share from 0 to 1: 0.99 for p99
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count))
    let below = 0
    for (const [bucket, count] of this.#counts.entries()) {
      below += count
      if (below >= rank) return Math.min(lastOf(bucket), this.#max)
    }
    return this.#max
  }

  toData(): HistogramData {
    return { counts: this.#counts, max: this.#max, sum: this.#sum }
  }
}

function bucketOf(value: number): number {
  const shift = Math.max(0, 32 - Math.clz32(value) - BITS)
  return shift * HALF + (value >>> shift)
}

/** The highest value of a bucket. */
function lastOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / HALF) - 1)
  return (bucket - shift * HALF + 1) * 2 ** shift - 1
}
