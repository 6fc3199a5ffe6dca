import { type Events, type Known, timesOf, type Violation } from './events.js'
import { dataOf, type Loss, type Sighting, type Watch } from './journal.js'

/** After a gap for one of these all that is held is shown, also what was shown before. */
const ANEW = new Set(['unknown-id', 'reset'])

/** Judges what a client has seen. */
export function checkWatch(watch: Watch, events: Events): Violation[] {
  const { client, channel, sightings } = watch
  const found: Violation[] = []
  const report = (kind: Violation['kind'], what: string) =>
    found.push({ kind, channel, who: client, what })
  const seen = new Set<string>()
  let shown = new Set<string>()
  let last: { id: string; number: number } | undefined
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
    const number = events.numberOf(id)
    if (number !== undefined) {
      if (last && number < last.number) report('reordered', `saw ${id} after ${last.id}`)
      last = { id, number }
    }
    seen.add(id)
    shown.add(id)
  }
  const isTold = tellingOf(watch, events)
  for (const known of events.acked()) {
    const { id, number } = known
    if (seen.has(id)) continue
    const times = timesOf(known)
    if (events.isHeld(id)) report('lost', `never saw ${id}, number ${number}, held, ${times}`)
    else if (!isTold(known)) {
      report('lost', `never saw ${id}, number ${number}, and was told of no gap, ${times}`)
    }
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

/** Says of an event that a client did not see, and that is not held, whether it was told so. */
function tellingOf(watch: Watch, events: Events): (known: Known) => boolean {
  const gaps = gapsIn(watch.sightings, events)
  const isTold = lossTellingOf(watch, events)
  return (known) => {
    const { id, attempts, number } = known
    const taken = events.takenAt(id)
    const begun = Math.min(...attempts.map((attempt) => attempt.begun))
    if (taken && events.lives.fatalTo(taken).some((loss) => isTold(loss, begun))) return true
    return gaps.some(({ from, to, at }) =>
      number === undefined ? at > begun : from < number && number < to,
    )
  }
}

/**
 * Says whether a client was told of a loss before it was shown anything that came after it. What
 * hubs hold in the end is not shown to anybody: nobody has to be told.
 */
function lossTellingOf({ sightings, isHistory }: Watch, events: Events) {
  const limits = new Map<Loss, number>()
  const limitOf = (loss: Loss) => {
    const known = limits.get(loss)
    if (known !== undefined) return known
    const isLater = (seen: Sighting) => {
      if (seen.kind !== 'event') return false
      const attempts = events.get(seen.id)?.attempts ?? []
      return attempts.every(({ begun }) => begun > loss.ended)
    }
    const at = sightings.findIndex(isLater)
    const limit = at === -1 ? sightings.length : at
    limits.set(loss, limit)
    return limit
  }
  return (loss: Loss, begun: number) => {
    if (isHistory) return true
    const after = Math.max(loss.begun, begun)
    return sightings.slice(0, limitOf(loss)).some(({ kind, at }) => kind === 'gap' && at > after)
  }
}

/** From which event to which the client was told that something is missing. */
function gapsIn(sightings: readonly Sighting[], events: Events) {
  const gaps: { from: number; to: number; at: number }[] = []
  let open: { from: number; at: number }[] = []
  let from = 0
  for (const sighting of sightings) {
    if (sighting.kind === 'gap') open.push({ from, at: sighting.at })
    if (sighting.kind !== 'event') continue
    const number = events.numberOf(sighting.id)
    if (number === undefined) continue
    gaps.push(...open.map((gap) => ({ ...gap, to: number })))
    open = []
    from = number
  }
  return gaps
}
