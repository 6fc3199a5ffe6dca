import type { Attempt, Loss } from './journal.js'

/** Above all numbers that a store gives in one life. */
const LIFE = 1e9

type Span = Pick<Attempt, 'begun' | 'ended'>

/** The lives of a store that has lost what it had, once or more: one ends where the next begins. */
export class Lives {
  constructor(readonly losses: readonly Loss[]) {}

  /**
   * The number of an event among those of all lives.
   *
   * @param span when it was taken, if that is known
   * @param sequence its number in its life
   * @returns undefined where it may be of either of two
   */
  numberOf(span: Span | undefined, sequence: number | undefined): number | undefined {
    if (sequence === undefined || this.losses.length === 0) return sequence
    if (!span) return undefined
    const { begun, ended } = span
    const isUnclear = this.losses.some((loss) => loss.begun <= ended && begun <= loss.ended)
    if (isUnclear) return undefined
    return this.losses.filter((loss) => loss.ended < begun).length * LIFE + sequence
  }

  /** The losses that an event which was taken in that time may have fallen to. */
  fatalTo({ begun, ended }: Span): Loss[] {
    const fatal: Loss[] = []
    for (const loss of this.losses) {
      if (begun > loss.ended || ended < loss.since) continue
      fatal.push(loss)
      // What was there when all was lost cannot be lost once more.
      if (ended < loss.begun && loss.since === Number.NEGATIVE_INFINITY) break
    }
    return fatal
  }
}

/**
 * Does something by which a store comes to lack what it took since a time, and writes that down.
 *
 * @param since ms, -Infinity for all that it has
 */
export async function lose(losses: Loss[], since: number, act: () => Promise<unknown>) {
  const begun = performance.now()
  await act()
  losses.push({ since, begun, ended: performance.now() })
}
