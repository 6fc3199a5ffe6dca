import { sum } from '../sum.js'
import { Histogram, type HistogramData } from './histogram.js'

/** Ms. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p99_9: number
  readonly max: number
  readonly mean: number
}

/** How much, in what time. */
export interface Pace {
  readonly count: number
  readonly seconds: number
  readonly perSecond: number
  readonly latency: Latency
}

/** What the server used, on this machine. */
export interface Cost {
  /** Seconds of CPU. */
  readonly cpu: number
  /** Us of CPU for each delivery, or where there is none, for each event published. */
  readonly cpuPerDelivery: number
  readonly cpuPerEvent: number
  /** How many cores it kept busy. */
  readonly cores: number
}

/** What the server has of memory. */
export interface Memory {
  /** Bytes that are resident, with all subscribers connected. */
  readonly total: number
  /** Bytes by which that grew for each of them. */
  readonly perSubscriber: number
}

/** What became of events. */
export interface Verdict {
  /** Whether every subscriber got every event once and in order, or was told that it did not. */
  readonly ok: boolean
  /** Deliveries that there should have been, in storms too. */
  readonly expected: number
  readonly lost: number
  /** Lost, of which the hub has told by a gap event. */
  readonly told: number
  readonly duplicated: number
  /** Events that came after later ones of the same publisher. */
  readonly reordered: number
  /** Subscribers who got all, but not in the order that others did. */
  readonly disagreeing: number
  /** Events whose data was longer or shorter than it was sent. */
  readonly damaged: number
  /** Subscribers that something was wrong for. */
  readonly affected: number
  readonly gaps: number
  readonly reconnects: number
  /** Events that the hub did not take, or of which it did not say so. */
  readonly failed: number
}

/** What a run found. */
export interface BenchResult {
  readonly run: string
  readonly subscribers: number
  readonly channels: number
  readonly publishers: number
  /** Bytes of an event's data. */
  readonly size: number
  /** Events a second that were asked for; 0 is as fast as can be. */
  readonly rate: number
  /** Whether it was ended before its time. */
  readonly interrupted: boolean
  /** Streams that were opened; the latency is from connecting to the head of the answer. */
  readonly connected: Pace
  /** Events; the latency is from sending to the answer. */
  readonly published: Pace
  /** Events at subscribers; the latency is from sending to arrival. */
  readonly delivered: Pace
  /** Clients that resumed at once; the latency is from connecting to having all. */
  readonly storm: (Pace & { readonly events: number; readonly eventsPerSecond: number }) | null
  /** Null where it cannot be known. */
  readonly cost: Cost | null
  readonly stormCost: Cost | null
  readonly memory: Memory | null
  readonly verdict: Verdict
}

/** @param histogram of us */
function latencyOf(histogram: Histogram): Latency {
  const ms = (us: number) => round(us / 1e3)
  return {
    p50: ms(histogram.quantile(0.5)),
    p90: ms(histogram.quantile(0.9)),
    p99: ms(histogram.quantile(0.99)),
    p99_9: ms(histogram.quantile(0.999)),
    max: ms(histogram.max),
    mean: ms(histogram.mean),
  }
}

/**
 * The pace of what several processes did together.
 *
 * @param start when they began; us, as is `lastAt`
 */
export function paceOf(
  start: number,
  parts: readonly { count: number; lastAt: number; latency: HistogramData }[],
): Pace {
  const all = new Histogram()
  for (const { latency } of parts) all.merge(latency)
  const count = sum(parts.map((part) => part.count))
  const seconds = (Math.max(start, ...parts.map(({ lastAt }) => lastAt)) - start) / 1e6
  return {
    count,
    seconds: round(seconds),
    perSecond: seconds > 0 ? round(count / seconds) : 0,
    latency: latencyOf(all),
  }
}

/** Three digits after the point are enough for everybody. */
export function round(value: number): number {
  return Math.round(value * 1e3) / 1e3
}
