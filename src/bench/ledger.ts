import { firstNumber, nextNumber } from './numbering.js'

/** What publishers have sent. */
export interface Sent {
  /** How many events each has sent, those that failed with them. */
  readonly counts: readonly number[]
  /** The numbers of those of which nobody knows whether they were taken, for each publisher. */
  readonly failed: readonly (readonly number[])[]
}

/** What was wrong with the deliveries to subscribers. */
export interface Faults {
  /** Events that never came. */
  lost: number
  /** Events that never came, of which the hub has told by a gap event. */
  told: number
  /** Events that came again. */
  duplicated: number
  /** Events that came after later ones of the same publisher. */
  reordered: number
}

/** Events of one publisher that have not come, though a later one has. */
interface Hole {
  readonly publisher: number
  readonly from: number
  /** The first that has come. */
  readonly to: number
  readonly isTold: boolean
}

/** Holes that are remembered, in case they are filled late. */
const MAX_HOLES = 1000

/** What one subscriber was given, and what it lacks. */
export class Ledger {
  /** Events that came, each counted once. */
  seen = 0
  readonly #channels: number
  /** The number that is due, for each publisher. */
  readonly #next: Int32Array
  readonly #holes: Hole[] = []
  /** Publishers of which nothing came since the hub told of a gap. */
  #untrusted: Set<number> | undefined
  #order = 0
  #duplicated = 0
  #reordered = 0
  #forgotten = 0

  /** @param next the number that is due, for each publisher; by default the first on the channel */
  constructor(
    readonly channel: number,
    channels: number,
    publishers: number,
    next?: readonly number[],
  ) {
    this.#channels = channels
    this.#next = Int32Array.from({ length: publishers }, (_, publisher) => {
      return next?.[publisher] ?? firstNumber(publisher, channel, channels)
    })
  }

  /** The number that is due, for each publisher. */
  get next(): readonly number[] {
    return [...this.#next]
  }

  /** Takes an event in; false if it came before. */
  take(publisher: number, number: number): boolean {
    const next = this.#next[publisher]
    if (next === undefined) return false
    if (number !== next || this.#untrusted) return this.#takeOddly(publisher, number, next)
    this.#advance(publisher, number)
    return true
  }

  /** The hub has told that something was missed, and may now send again what it has. */
  gap(): void {
    this.#untrusted = new Set(this.#next.keys())
  }

  /** Whether the last event of each publisher has come. */
  isAtEnd({ counts }: Sent): boolean {
    return counts.every((sent, publisher) => this.#dueAt(publisher) >= this.#end(publisher, sent))
  }

  /** What was wrong, when no more is to come. */
  faults(sent: Sent): Faults {
    const faults = {
      lost: this.#forgotten,
      told: 0,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
    }
    for (const hole of this.#lacks(sent)) {
      const missing = Math.max(0, this.#size(hole) - this.#unsure(hole, sent).length)
      if (hole.isTold) faults.told += missing
      else faults.lost += missing
    }
    return faults
  }

  /** Stands for what never came and may not have been taken: only who lacks the same saw the same. */
  lacking(sent: Sent): string {
    return this.#lacks(sent)
      .flatMap((hole) => this.#unsure(hole, sent).map((number) => `${hole.publisher}:${number}`))
      .join()
  }

  /** Stands for the order of all that came: subscribers who saw the same have the same. */
  get order(): number {
    return this.#order
  }

  #lacks({ counts }: Sent): Hole[] {
    const tail = counts.map((sent, publisher) => ({
      publisher,
      from: this.#dueAt(publisher),
      to: this.#end(publisher, sent),
      isTold: this.#untrusted?.has(publisher) ?? false,
    }))
    return [...this.#holes, ...tail]
  }

  #unsure(hole: Hole, { failed }: Sent): number[] {
    return failed[hole.publisher]?.filter((number) => this.#lies(number, hole)) ?? []
  }

  #takeOddly(publisher: number, number: number, next: number): boolean {
    if (number < next) return this.#takeLate(publisher, number)
    const isTold = this.#untrusted?.delete(publisher) ?? false
    if (this.#untrusted?.size === 0) this.#untrusted = undefined
    if (number > next) this.#lack({ publisher, from: next, to: number, isTold })
    this.#advance(publisher, number)
    return true
  }

  #takeLate(publisher: number, number: number): boolean {
    const index = this.#holes.findIndex(
      (hole) => hole.publisher === publisher && this.#lies(number, hole),
    )
    const hole = this.#holes[index]
    const isRepeat = this.#untrusted?.has(publisher) ?? false
    if (!hole) {
      if (!isRepeat) this.#duplicated += 1
      return false
    }
    const parts = [
      { ...hole, to: number },
      { ...hole, from: number + this.#channels },
    ]
    this.#holes.splice(index, 1, ...parts.filter((part) => this.#size(part) > 0))
    if (!isRepeat) this.#reordered += 1
    this.seen += 1
    return true
  }

  #lack(hole: Hole): void {
    this.#holes.push(hole)
    if (this.#holes.length <= MAX_HOLES) return
    const oldest = this.#holes.shift()
    if (oldest && !oldest.isTold) this.#forgotten += this.#size(oldest)
  }

  #advance(publisher: number, number: number): void {
    this.#next[publisher] = number + this.#channels
    this.#order = Math.imul(this.#order ^ (number * 65_599 + publisher), 16_777_619)
    this.seen += 1
  }

  #dueAt(publisher: number): number {
    return this.#next[publisher] ?? 0
  }

  #end(publisher: number, sent: number): number {
    return nextNumber(publisher, this.channel, this.#channels, sent)
  }

  #size({ from, to }: Hole): number {
    return (to - from) / this.#channels
  }

  #lies(number: number, { from, to }: Hole): boolean {
    return number >= from && number < to && (number - from) % this.#channels === 0
  }
}
