import type { BenchResult } from '../../src/bench/result.js'

/** Who is compared. */
export type ServerName = 'ssehub' | 'nchan' | 'bare loop'

/** A figure that a scenario is about. */
export interface Metric {
  readonly name: string
  readonly unit: string
  /** Whether more of it is better. */
  readonly isRate?: boolean
  /** Undefined where it cannot be known. */
  of(result: BenchResult): number | undefined
}

/** A load, and what is looked at. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** Of `ssehub bench`; the others are for a quick look. */
  readonly args: string
  readonly quickArgs: string
  readonly metrics: readonly Metric[]
  /** Without the bare loop, which has no channels and no history. */
  readonly isForHubs?: boolean
}

const cpu: Metric = { name: 'CPU a delivery', unit: 'µs', of: ({ cost }) => cost?.cpuPerDelivery }
const median: Metric = { name: 'latency, p50', unit: 'ms', of: (r) => r.delivered.latency.p50 }
const worst: Metric = { name: 'latency, p99', unit: 'ms', of: (r) => r.delivered.latency.p99 }
const deliveries: Metric = {
  name: 'deliveries a second',
  unit: '/s',
  isRate: true,
  of: ({ delivered }) => delivered.perSecond,
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'fan-out-100',
    title: 'One event at a time, 100 subscribers',
    args: '--subscribers 100 --rate 100 --duration 5 --warm-up 300',
    quickArgs: '--subscribers 100 --rate 100 --duration 1 --warm-up 100',
    metrics: [cpu, median, worst],
  },
  {
    name: 'fan-out-1000',
    title: 'One event at a time, 1,000 subscribers',
    args: '--subscribers 1000 --rate 40 --duration 5 --warm-up 100',
    quickArgs: '--subscribers 1000 --rate 20 --duration 1 --warm-up 20',
    metrics: [cpu, median, worst],
  },
  {
    name: 'fan-out-5000',
    title: 'One event at a time, 5,000 subscribers',
    args: '--subscribers 5000 --rate 8 --duration 5 --warm-up 20',
    quickArgs: '--subscribers 2000 --rate 10 --duration 1 --warm-up 10',
    metrics: [cpu, median, worst],
  },
  {
    name: 'publishers',
    title: '32 publishers at once, 1,000 subscribers',
    args: '--subscribers 1000 --publishers 32 --events 3000 --warm-up 300',
    quickArgs: '--subscribers 500 --publishers 32 --events 500 --warm-up 100',
    metrics: [deliveries, cpu],
  },
  {
    name: 'channels',
    title: '1,000 channels of 5 subscribers, 32 publishers',
    args: '--subscribers 5000 --channels 1000 --publishers 32 --events 30000 --warm-up 3000',
    quickArgs: '--subscribers 1000 --channels 200 --publishers 32 --events 2000 --warm-up 200',
    metrics: [deliveries, cpu],
    isForHubs: true,
  },
  {
    name: 'large',
    title: 'Events of 64 KB, 100 subscribers',
    args: '--subscribers 100 --size 65536 --rate 20 --duration 5 --warm-up 20',
    quickArgs: '--subscribers 50 --size 65536 --rate 20 --duration 1 --warm-up 10',
    metrics: [cpu, median, worst],
  },
  {
    name: 'storm',
    title: '5,000 clients at once resume 100 events each',
    args: '--subscribers 1 --events 300 --storm 5000 --storm-events 100 --timeout 20',
    quickArgs: '--subscribers 1 --events 200 --storm 500 --storm-events 100',
    metrics: [
      { name: 'until all have all', unit: 's', of: ({ storm }) => storm?.seconds },
      { ...cpu, of: ({ stormCost }) => stormCost?.cpuPerDelivery },
    ],
    isForHubs: true,
  },
  {
    name: 'publish',
    title: '32 publishers at once, no subscriber',
    args: '--subscribers 0 --publishers 32 --events 40000 --warm-up 3000',
    quickArgs: '--subscribers 0 --publishers 32 --events 4000 --warm-up 300',
    metrics: [
      { name: 'events a second', unit: '/s', isRate: true, of: (r) => r.published.perSecond },
      { name: 'CPU an event', unit: 'µs', of: ({ cost }) => cost?.cpuPerEvent },
    ],
  },
  {
    name: 'connections',
    title: '10,000 subscribers connect, and are idle',
    args: '--subscribers 10000 --events 0 --timeout 20',
    quickArgs: '--subscribers 2000 --events 0',
    metrics: [
      { name: 'connections a second', unit: '/s', isRate: true, of: (r) => r.connected.perSecond },
      { name: 'memory a subscriber', unit: 'KB', of: ({ memory }) => kilobytes(memory) },
    ],
  },
]

function kilobytes(memory: BenchResult['memory']): number | undefined {
  return memory ? memory.perSubscriber / 1024 : undefined
}
