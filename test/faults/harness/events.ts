import type { Attempt, Watch } from './journal.js'
import type { Lives } from './losses.js'

/** What must not be. */
export interface Violation {
  readonly kind: /** An acked event that a client did not get: hubs hold it, or no gap was told. */
    | 'lost'
    /** An event that nobody published, that was refused for good, or that has other data. */
    | 'phantom'
    /** An event twice, or a sequence for two events. */
    | 'duplicate'
    /** An event before one that is before it. */
    | 'reordered'
    /** An answer that clients do not come back from, or that publishers can make nothing of. */
    | 'turned-away'
    /** Hubs that hold different histories of the same channel. */
    | 'disagreement'
  readonly channel: string
  /** Who saw it: a client, or a publisher. */
  readonly who: string
  readonly what: string
}

/** What a publish is answered, whatever happens: taken, not now, too slow. */
const ANSWERS = new Set([200, 503, 408])

export interface Known {
  readonly id: string
  readonly attempts: Attempt[]
  /** Among those of all lives of the store. */
  number?: number
}

/** The events of a channel, and their order as far as anybody was told. */
export class Events {
  readonly violations: Violation[] = []
  readonly #known = new Map<string, Known>()
  readonly #ids = new Map<number, string>()
  /** What hubs hold in the end. */
  readonly #held = new Set<string>()

  constructor(
    readonly channel: string,
    attempts: readonly Attempt[],
    watches: readonly Watch[],
    readonly lives: Lives,
  ) {
    for (const attempt of attempts) {
      const { id } = attempt
      const known = this.#known.get(id) ?? { id, attempts: [] }
      this.#known.set(id, known)
      known.attempts.push(attempt)
    }
    for (const attempt of attempts) {
      this.#learn(attempt.id, lives.numberOf(attempt, attempt.sequence), attempt.publisher)
    }
    for (const { client, sightings, isHistory } of watches) {
      for (const seen of sightings) {
        if (seen.kind !== 'event') continue
        const taken = this.takenAt(seen.id)
        this.#learn(seen.id, lives.numberOf(taken, seen.sequence), client)
        if (isHistory) this.#held.add(seen.id)
      }
    }
    for (const { publisher, id, status = 200 } of attempts) {
      if (!ANSWERS.has(status))
        this.report('turned-away', publisher, `was answered ${status} to ${id}`)
    }
    this.#checkTimes(attempts)
    this.#checkPublishers(attempts)
  }

  get(id: string): Known | undefined {
    return this.#known.get(id)
  }

  numberOf(id: string): number | undefined {
    return this.#known.get(id)?.number
  }

  /** Whether hubs hold it in the end. */
  isHeld(id: string): boolean {
    return this.#held.has(id)
  }

  /** The attempt with which an event was taken, if its publisher knows. */
  takenAt(id: string): Attempt | undefined {
    return this.#known.get(id)?.attempts.find(({ outcome }) => outcome === 'acked')
  }

  *acked(): Generator<Known> {
    for (const known of this.#known.values()) {
      if (known.attempts.some(({ outcome }) => outcome === 'acked')) yield known
    }
  }

  report(kind: Violation['kind'], who: string, what: string): void {
    this.violations.push({ kind, channel: this.channel, who, what })
  }

  #learn(id: string, number: number | undefined, who: string): void {
    const known = this.#known.get(id)
    if (number === undefined || !known) return
    if (known.number !== undefined && known.number !== number) {
      this.report('duplicate', who, `${id} is both number ${known.number} and ${number}`)
    }
    const other = this.#ids.get(number) ?? id
    if (other !== id) this.report('duplicate', who, `${other} and ${id} are number ${number}`)
    this.#ids.set(number, id)
    known.number = number
  }

  /** An event whose publish began after the ack of another has to come after it. */
  #checkTimes(attempts: readonly Attempt[]): void {
    const told = attempts.flatMap((attempt) => {
      const number = this.lives.numberOf(attempt, attempt.sequence)
      return number === undefined ? [] : [{ ...attempt, number }]
    })
    const ended = told.toSorted((a, b) => a.ended - b.ended)
    let at = 0
    let last: (typeof told)[number] | undefined
    for (const attempt of told.toSorted((a, b) => a.begun - b.begun)) {
      for (let next = ended[at]; next && next.ended < attempt.begun; next = ended[at]) {
        if (next.number > (last?.number ?? 0)) last = next
        at += 1
      }
      if (last && attempt.number < last.number) {
        this.report('reordered', attempt.publisher, `${attempt.id} comes before ${last.id}`)
      }
    }
  }

  /** Of one publisher, who waits for each ack, events come in the order of publishing. */
  #checkPublishers(attempts: readonly Attempt[]): void {
    const last = new Map<string, Known>()
    for (const { publisher, id, outcome } of attempts) {
      const known = this.#known.get(id)
      if (outcome !== 'acked' || known?.number === undefined) continue
      const before = last.get(publisher)
      if (before?.number !== undefined && before.number > known.number) {
        this.report('reordered', publisher, `${id} comes before ${before.id}, ${timesOf(known)}`)
      }
      last.set(publisher, known)
    }
  }
}

/** When an event was published, on the clock of what happened meanwhile. */
export function timesOf({ attempts }: Known): string {
  const seconds = attempts.map(({ begun }) => (begun / 1000).toFixed(2))
  return `published at ${seconds.join(', ')} s`
}
