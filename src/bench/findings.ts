import { sum } from '../sum.js'
import type { Faults, Sent } from './ledger.js'
import type { Verdict } from './result.js'
import type { Subscriber } from './subscriber.js'

/** What subscribers were given, and were not. */
export interface Findings extends Faults {
  /** Deliveries that there should have been. */
  expected: number
  /** Subscribers that something was wrong for. */
  affected: number
  /** Events whose data was longer or shorter than it was sent. */
  damaged: number
  /** Gap events. */
  gaps: number
  /** Streams that ended, and were opened again. */
  reconnects: number
  /**
   * In what orders events came, and to how many that lack none; for each channel, and storm, and
   * what may not have been taken and did not come.
   */
  orders: Map<string, Map<number, number>>
}

const COUNTS = [
  'expected',
  'affected',
  'lost',
  'told',
  'duplicated',
  'reordered',
  'damaged',
  'gaps',
  'reconnects',
] as const

/** Nothing was found yet. */
export function noFindings(): Findings {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0]))
  return { ...(counts as Record<(typeof COUNTS)[number], number>), orders: new Map() }
}

/**
 * Adds what one subscriber was given.
 *
 * @param group those of a channel who should all have seen the same are in one
 */
export function addSubscriber(
  findings: Findings,
  {
    ledger,
    damaged,
    gaps,
    reconnects,
  }: Pick<Subscriber, 'ledger' | 'damaged' | 'gaps' | 'reconnects'>,
  sent: Sent,
  group: string,
): void {
  const faults = ledger.faults(sent)
  const { lost, told, duplicated, reordered } = faults
  const isAffected = lost + told + duplicated + reordered + damaged > 0
  const name = `${group} ${ledger.channel} ${ledger.lacking(sent)}`
  add(findings, {
    ...faults,
    expected: ledger.seen + lost + told,
    affected: isAffected ? 1 : 0,
    damaged,
    gaps,
    reconnects,
    orders: new Map(isAffected ? [] : [[name, new Map([[ledger.order, 1]])]]),
  })
}

/** Adds what was found elsewhere. */
export function add(findings: Findings, more: Findings): void {
  for (const name of COUNTS) findings[name] += more[name]
  for (const [group, orders] of more.orders) {
    const known = findings.orders.get(group) ?? new Map<number, number>()
    for (const [order, count] of orders) known.set(order, (known.get(order) ?? 0) + count)
    findings.orders.set(group, known)
  }
}

/** What is to be said of what was found. */
export function verdictOn(findings: Findings, { failed }: Sent): Verdict {
  const { orders, ...counts } = findings
  const verdict = {
    ...counts,
    disagreeing: disagreeing(findings),
    failed: sum(failed.map(({ length }) => length)),
  }
  const { lost, duplicated, reordered, damaged, failed: untaken } = verdict
  const faults = lost + duplicated + reordered + damaged + untaken + verdict.disagreeing
  return { ok: faults === 0, ...verdict }
}

/** Subscribers who got all, each publisher's in order, but not in the order that most others did. */
function disagreeing({ orders }: Findings): number {
  let count = 0
  for (const counts of orders.values()) {
    const subscribers = [...counts.values()]
    count += sum(subscribers) - Math.max(0, ...subscribers)
  }
  return count
}
