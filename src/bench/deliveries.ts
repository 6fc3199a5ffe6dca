import { Histogram } from './histogram.js'

/** What came to the subscribers of a process, since it was last reset. */
export class Deliveries {
  count = 0
  /** When the last one came; us. */
  lastAt = 0
  /** Us from sending to arrival. */
  latency = new Histogram()

  /** @param sentAt us, as is `at` */
  add(sentAt: number, at: number): void {
    this.count += 1
    this.lastAt = at
    this.latency.record(at - sentAt)
  }

  reset(): void {
    this.count = 0
    this.lastAt = 0
    this.latency = new Histogram()
  }
}
