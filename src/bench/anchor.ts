import type { Seen, Subscriber } from './subscriber.js'

/** Where those that resume on a channel stand. */
export interface Anchor {
  readonly channel: number
  readonly lastId: string | undefined
  /** The number that is due, for each publisher. */
  readonly next: readonly number[]
  /** How many events have come after it. */
  readonly missed: number
}

/**
 * Where those stand that resume some events behind a subscriber.
 *
 * @param back how many events, if it has seen as many
 * @returns undefined if it remembers none
 */
export function anchorOf(
  { trail, ledger }: Pick<Subscriber, 'trail' | 'ledger'>,
  back: number,
): Anchor | undefined {
  const [anchor, ...missed] = trail.slice(-(back + 1))
  if (!anchor) return undefined
  return {
    channel: ledger.channel,
    lastId: anchor.id,
    next: rewound(ledger.next, missed),
    missed: missed.length,
  }
}

/** The numbers that were due before some events came. */
function rewound(next: readonly number[], missed: readonly Seen[]): number[] {
  const due = [...next]
  for (const { publisher, number } of missed) {
    due[publisher] = Math.min(due[publisher] ?? number, number)
  }
  return due
}
