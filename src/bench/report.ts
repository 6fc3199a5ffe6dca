import { counted } from '../plural.js'
import type { BenchResult, Cost, Latency, Verdict } from './result.js'

/** A result for people. */
export function reportOf(result: BenchResult): string {
  const { connected, published, delivered, storm, memory, cost, stormCost } = result
  const rows: [string, string][] = []
  const row = (name: string, ...parts: string[]) =>
    rows.push([name, parts.filter((part) => part !== '').join(', ')])

  if (connected.count > 0) {
    row('connected', pace(connected.count, connected.perSecond, connected.seconds))
    row('  latency', latencies(connected.latency))
  }
  if (memory) {
    row('  memory', `${bytes(memory.perSubscriber)} a subscriber`, `${bytes(memory.total)} in all`)
  }
  if (published.count > 0) {
    row('published', pace(published.count, published.perSecond, published.seconds))
    row('  latency', latencies(published.latency))
    if (cost && delivered.count === 0) row('  cpu', `${cost.cpuPerEvent} us an event`, cores(cost))
  }
  if (delivered.count > 0) {
    row('delivered', pace(delivered.count, delivered.perSecond, delivered.seconds))
    row('  latency', latencies(delivered.latency))
    if (cost) row('  cpu', `${cost.cpuPerDelivery} us a delivery`, cores(cost))
  }
  if (storm) {
    const clients = `${grouped(storm.count)} clients in ${storm.seconds} s`
    const events = `${grouped(storm.events)} events, ${grouped(storm.eventsPerSecond)} a second`
    row('resumed', clients, events)
    row('  latency', latencies(storm.latency))
    if (stormCost) row('  cpu', `${stormCost.cpuPerDelivery} us a delivery`, cores(stormCost))
  }
  row('verdict', verdict(result.verdict))

  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`)
  return [title(result), '', ...lines].join('\n')
}

/** A result as comma-separated values: a line of names, a line of values. */
export function csvOf(result: BenchResult): string {
  const cells = flattened(result, [])
  return [cells.map(([name]) => name), cells.map(([, value]) => value)]
    .map((line) => line.join(','))
    .join('\n')
}

const NAMES = ['count', 'seconds', 'perSecond']
const LATENCIES = ['p50', 'p90', 'p99', 'p99_9', 'max', 'mean'].map((name) => `latency.${name}`)

/** What a part of a result that is null would have had: every run has the same columns. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  storm: [...NAMES, 'events', 'eventsPerSecond', ...LATENCIES],
  cost: ['cpu', 'cpuPerDelivery', 'cpuPerEvent', 'cores'],
  stormCost: ['cpu', 'cpuPerDelivery', 'cpuPerEvent', 'cores'],
  memory: ['total', 'perSubscriber'],
}

function flattened(value: unknown, path: readonly string[]): [name: string, value: string][] {
  if (typeof value === 'object' && value) {
    return Object.entries(value).flatMap(([name, part]) => flattened(part, [...path, name]))
  }
  const name = path.join('.')
  if (value === null) return (COLUMNS[name] ?? []).map((column) => [`${name}.${column}`, ''])
  return [[name, String(value)]]
}

function title({ subscribers, channels, publishers, published, size, rate }: BenchResult): string {
  const paced = rate > 0 ? `, ${grouped(rate)} a second` : ''
  const events = `${grouped(published.count)} events of ${grouped(size)} bytes${paced}`
  return [
    `${grouped(subscribers)} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`,
    counted(channels, 'channel'),
    `${counted(publishers, 'publisher')}: ${events}`,
  ].join(', ')
}

function pace(count: number, perSecond: number, seconds: number): string {
  return `${grouped(count)} in ${seconds} s, ${grouped(perSecond)} a second`
}

function latencies({ p50, p90, p99, p99_9, max }: Latency): string {
  return `p50 ${p50} ms, p90 ${p90}, p99 ${p99}, p99.9 ${p99_9}, max ${max}`
}

function cores({ cores: busy }: Cost): string {
  return `${Math.round(busy * 100)} % of a core`
}

function verdict(found: Verdict): string {
  const { ok, told, reconnects, expected, affected, failed } = found
  const faults = (['lost', 'duplicated', 'reordered', 'disagreeing', 'damaged'] as const).filter(
    (name) => found[name] > 0,
  )
  const parts = faults.map((name) => `${grouped(found[name])} ${FAULTS[name]}`)
  if (failed > 0) parts.push(`${grouped(failed)} not taken by the hub`)
  if (ok) parts.push(told > 0 ? 'in order, nothing lost in silence' : 'each once and in order')
  if (told > 0) parts.push(`${grouped(told)} lost, of which a gap event told`)
  if (reconnects > 0) parts.push(`${grouped(reconnects)} reconnected`)
  if (affected > 0) parts.push(`${counted(affected, 'subscriber')} affected`)
  return `${ok ? 'ok' : 'FAILED'}: ${parts.join(', ')}; of ${grouped(expected)} deliveries`
}

const FAULTS = {
  lost: 'lost',
  duplicated: 'duplicated',
  reordered: 'out of order',
  disagreeing: 'subscribers who saw another order',
  damaged: 'damaged',
} as const

function bytes(count: number): string {
  const [unit, size] = Math.abs(count) < 1e6 ? ['KB', 1e3] : ['MB', 1e6]
  return `${(count / Number(size)).toFixed(1)} ${unit}`
}

function grouped(number: number): string {
  return number < 100
    ? String(Math.round(number * 10) / 10)
    : Math.round(number).toLocaleString('en')
}
