import { type Attempt, dataOf, type Journal, type Sighting, type Watch } from './journal.js'

/** What must not be. */
export interface Violation {
  readonly kind: /** An acked event that a client did not get, and was told of no gap there. */
    | 'lost'
    /** An event that nobody published, that was refused for good, or that has other data. */
    | 'phantom'
    /** An event twice, or a sequence for two events. */
    | 'duplicate'
    /** An event before one that is before it. */
    | 'reordered'
    /** An answer that clients do not come back from, or that publishers can make nothing of. */
    | 'turned-away'
  readonly channel: string
  /** Who saw it: a client, or a publisher. */
  readonly who: string
  readonly what: string
}

/** Judges what all publishers and clients of a run have seen. */
export function check({ attempts, watches }: Journal): Violation[] {
  const channels = new Set(attempts.map(({ channel }) => channel))
  for (const { channel } of watches) channels.add(channel)
  return [...channels].flatMap((channel) => {
    const own = watches.filter((watch) => watch.channel === channel)
    const events = new Events(
      channel,
      attempts.filter((attempt) => attempt.channel === channel),
      own,
    )
    return [...events.violations, ...own.flatMap((watch) => checkWatch(watch, events))]
  })
}

/** What a publish is answered, whatever happens: taken, not now, too slow. */
const ANSWERS = new Set([200, 503, 408])

interface Known {
  readonly id: string
  readonly attempts: Attempt[]
  sequence?: number
}

/** The events of a channel, and their order as far as anybody was told. */
class Events {
  readonly violations: Violation[] = []
  readonly #known = new Map<string, Known>()
  readonly #ids = new Map<number, string>()

  constructor(
    readonly channel: string,
    attempts: readonly Attempt[],
    watches: readonly Watch[],
  ) {
    for (const attempt of attempts) {
      const { id } = attempt
      const known = this.#known.get(id) ?? { id, attempts: [] }
      this.#known.set(id, known)
      known.attempts.push(attempt)
    }
    for (const { id, sequence, publisher } of attempts) this.#learn(id, sequence, publisher)
    for (const { client, sightings } of watches) {
      for (const seen of sightings) {
        if (seen.kind === 'event') this.#learn(seen.id, seen.sequence, client)
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

  sequenceOf(id: string): number | undefined {
    return this.#known.get(id)?.sequence
  }

  *acked(): Generator<Known> {
    for (const known of this.#known.values()) {
      if (known.attempts.some(({ outcome }) => outcome === 'acked')) yield known
    }
  }

  report(kind: Violation['kind'], who: string, what: string): void {
    this.violations.push({ kind, channel: this.channel, who, what })
  }

  #learn(id: string, sequence: number | undefined, who: string): void {
    const known = this.#known.get(id)
    if (sequence === undefined || !known) return
    if (known.sequence !== undefined && known.sequence !== sequence) {
      this.report('duplicate', who, `${id} is both number ${known.sequence} and ${sequence}`)
    }
    const other = this.#ids.get(sequence) ?? id
    if (other !== id) this.report('duplicate', who, `${other} and ${id} are number ${sequence}`)
    this.#ids.set(sequence, id)
    known.sequence = sequence
  }

  /** An event whose publish began after the ack of another has to come after it. */
  #checkTimes(attempts: readonly Attempt[]): void {
    const told = attempts.filter(({ sequence }) => sequence !== undefined)
    const ended = told.toSorted((a, b) => a.ended - b.ended)
    let at = 0
    let last: Attempt | undefined
    for (const attempt of told.toSorted((a, b) => a.begun - b.begun)) {
      for (let next = ended[at]; next && next.ended < attempt.begun; next = ended[at]) {
        if ((next.sequence ?? 0) > (last?.sequence ?? 0)) last = next
        at += 1
      }
      if (last && (attempt.sequence ?? 0) < (last.sequence ?? 0)) {
        this.report('reordered', attempt.publisher, `${attempt.id} comes before ${last.id}`)
      }
    }
  }

  /** Of one publisher, who waits for each ack, events come in the order of publishing. */
  #checkPublishers(attempts: readonly Attempt[]): void {
    const last = new Map<string, Known>()
    for (const { publisher, id, outcome } of attempts) {
      const known = this.#known.get(id)
      if (outcome !== 'acked' || known?.sequence === undefined) continue
      const before = last.get(publisher)
      if (before?.sequence !== undefined && before.sequence > known.sequence) {
        this.report('reordered', publisher, `${id} comes before ${before.id}, ${timesOf(known)}`)
      }
      last.set(publisher, known)
    }
  }
}

/** When an event was published, on the clock of what happened meanwhile. */
function timesOf({ attempts }: Known): string {
  const seconds = attempts.map(({ begun }) => (begun / 1000).toFixed(2))
  return `published at ${seconds.join(', ')} s`
}

/** After a gap for one of these all that is held is shown, also what was shown before. */
const ANEW = new Set(['unknown-id', 'reset'])

function checkWatch({ client, channel, sightings }: Watch, events: Events): Violation[] {
  const found: Violation[] = []
  const report = (kind: Violation['kind'], what: string) =>
    found.push({ kind, channel, who: client, what })
  const seen = new Set<string>()
  let shown = new Set<string>()
  let last: { id: string; sequence: number } | undefined
  for (const sighting of sightings) {
    if (sighting.kind === 'refusal') report('turned-away', `was answered ${sighting.status}`)
    if (sighting.kind === 'other') report('phantom', `saw ${sighting.text}`)
    if (sighting.kind === 'gap' && ANEW.has(sighting.reason)) {
      shown = new Set()
      last = undefined
    }
    if (sighting.kind !== 'event') continue
    const { id } = sighting
    const fault = phantom(sighting, events.get(id))
    if (fault) report('phantom', fault)
    if (shown.has(id)) report('duplicate', `saw ${id} twice`)
    const sequence = events.sequenceOf(id)
    if (sequence !== undefined) {
      if (last && sequence < last.sequence) report('reordered', `saw ${id} after ${last.id}`)
      last = { id, sequence }
    }
    seen.add(id)
    shown.add(id)
  }
  const gaps = gapsIn(sightings, events)
  for (const { id, attempts, sequence } of events.acked()) {
    if (seen.has(id)) continue
    const begun = Math.min(...attempts.map((attempt) => attempt.begun))
    const isTold = gaps.some(({ from, to, at }) =>
      sequence === undefined ? at > begun : from < sequence && sequence < to,
    )
    if (isTold) continue
    const times = timesOf({ id, attempts })
    report('lost', `never saw ${id}, number ${sequence}, and was told of no gap, ${times}`)
  }
  return found
}

function phantom(
  { id, data, at }: Sighting & { kind: 'event' },
  known: Known | undefined,
): string | undefined {
  if (!known) return `saw ${id}, which nobody published`
  if (data !== dataOf(id)) return `saw ${id} with other data: ${JSON.stringify(data)}`
  const began = known.attempts.filter(({ begun }) => begun <= at)
  if (began.length === 0) return `saw ${id} before it was published`
  if (began.every(({ outcome }) => outcome === 'refused')) return `saw ${id}, which was refused`
  return undefined
}

/** From which event to which the client was told that something is missing. */
function gapsIn(sightings: readonly Sighting[], events: Events) {
  const gaps: { from: number; to: number; at: number }[] = []
  let open: { from: number; at: number }[] = []
  let from = 0
  for (const sighting of sightings) {
    if (sighting.kind === 'gap') open.push({ from, at: sighting.at })
    if (sighting.kind !== 'event') continue
    const sequence = events.sequenceOf(sighting.id)
    if (sequence === undefined) continue
    gaps.push(...open.map((gap) => ({ ...gap, to: sequence })))
    open = []
    from = sequence
  }
  return gaps
}
