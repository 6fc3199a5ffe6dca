import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Start } from '../../src/channel/cursor.js'
import type { Subscriber } from '../../src/channel/subscriber.js'
import type { Entry } from '../../src/event/entry.js'
import { type FakeSink, Heart } from '../helpers/heart.js'

/** What can happen to a channel, in any order. */
type Step =
  | { do: 'publish'; id: string | undefined; type: string | undefined }
  | { do: 'subscribe'; start: Start; type: string | undefined; isNarrow: boolean }
  | { do: 'stall' | 'drain' | 'leave'; whom: number }
  | { do: 'turn' }
  | { do: 'miss'; ids: (string | undefined)[] }

interface Observed {
  readonly start: Start
  readonly type: string | undefined
  /** The channel's head when it joined. */
  readonly joined: number
  /** The number under which the id it asked for had been sent first. */
  readonly asked: number | undefined
  readonly sink: FakeSink
  readonly subscriber: Subscriber
}

const id = fc.integer({ min: 1, max: 12 }).map(String)
const type = fc.constantFrom(undefined, undefined, 'news')
const start: fc.Arbitrary<Start> = fc.oneof(
  fc.constant({ from: 'now' } as const),
  fc.record({ from: fc.constant('id' as const), id }),
  fc.constant({ from: 'history' } as const),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      id: fc.option(id, { nil: undefined }),
      type,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      start,
      type,
      isNarrow: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('stall', 'drain', 'leave'), whom: fc.nat(9) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
)

/** Events that reach other hubs and not this one, which then begins anew with what is left. */
const miss: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('miss' as const),
  ids: fc.array(fc.option(id, { nil: undefined }), { maxLength: 4 }),
})

interface Sizes {
  readonly cacheLength: number
  /** Recent events that the channel keeps besides. */
  readonly events: number
  readonly writeSize?: number
  /** What a turn does at most. */
  readonly step: number
}

/** What a turn of the event loop does at most: a visit to everybody, or to one subscriber. */
const turn = fc.constantFrom(1, 1_000_000)
const sizes: fc.Arbitrary<Sizes> = fc.record({
  cacheLength: fc.integer({ min: 0, max: 8 }),
  events: fc.integer({ min: 1, max: 8 }),
  writeSize: fc.integer({ min: 1, max: 100 }),
  step: turn,
})

function run(steps: readonly Step[], { events, ...sizes }: Sizes) {
  const heart = new Heart({ window: { events, bytes: 1_000_000 }, ...sizes })
  const present: Observed[] = []
  for (const step of steps) {
    if (step.do === 'publish') heart.publish(step.id, undefined, step.type)
    else if (step.do === 'turn') heart.turn()
    else if (step.do === 'miss') heart.miss(...step.ids)
    else if (step.do === 'subscribe') {
      const { start, type, isNarrow } = step
      const { log } = heart.channel
      const isAsked = (entry: Entry) => start.from === 'id' && entry.id === start.id
      const asked = heart.entries.find(isAsked)?.sequence
      present.push({
        start,
        type,
        joined: log.head,
        asked,
        ...heart.open(start, type ? [type] : [], isNarrow),
      })
    } else {
      const one = present[step.whom % Math.max(present.length, 1)]
      if (!one) continue
      if (step.do === 'leave') {
        heart.channel.unsubscribe(one.subscriber)
        present.splice(present.indexOf(one), 1)
      } else one.sink[step.do]()
    }
  }
  for (const { sink } of present) {
    sink.isNarrow = false
    sink.drain()
  }
  heart.settle()
  return { present, entries: heart.entries }
}

/** The parts of what a subscriber saw that lie between its gap events: sequence numbers. */
function runsOf(sink: FakeSink): number[][] {
  const runs: number[][] = [[]]
  for (const data of sink.data) {
    if (data.startsWith('gap: ')) runs.push([])
    else runs.at(-1)?.push(Number(data))
  }
  return runs
}

/** What it should be shown if it joined late: the last of each id; if not: everything. */
function isOwed({ joined, type }: Observed, entry: Entry, entries: readonly Entry[]): boolean {
  if (type !== undefined && entry.type !== type) return false
  if (entry.sequence > joined) return true
  const isReplaced = entries.some(
    (other) => other.id === entry.id && other.sequence > entry.sequence,
  )
  return entry.id !== undefined && !isReplaced
}

function check(observed: Observed, entries: readonly Entry[], isWhole: boolean): void {
  const runs = runsOf(observed.sink)
  const seen = runs.flat()
  assert.equal(new Set(seen).size, seen.length, 'nothing twice')

  const { start, joined, asked } = observed
  const placed = start.from === 'history' ? seen.filter((n) => n <= joined) : []
  const rising = seen.slice(placed.length)
  assert.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
    'in the order of the channel',
  )
  assert.deepEqual(placed, seen.slice(0, placed.length), 'history first')

  const from = start.from === 'now' ? joined : (asked ?? 0)
  const missing = entries.filter(
    (entry) =>
      entry.sequence > from && !seen.includes(entry.sequence) && isOwed(observed, entry, entries),
  )
  for (const { sequence } of missing) {
    if (start.from === 'history' && sequence <= joined) continue // it may have been gone before
    const before = runs.findIndex((run) => run.some((shown) => shown > sequence))
    const told = before === -1 ? runs.length > 1 : before > 0
    assert.ok(told, `event ${sequence} is missing from ${seen} without a gap before what follows`)
  }
  if (isWhole && start.from === 'now' && missing.length === 0 && observed.type === undefined) {
    assert.equal(runs.length, 1, 'no gap where nothing is missing')
  }
  if (start.from === 'id' && asked === undefined) {
    assert.equal(observed.sink.data[0], 'gap: unknown-id')
  }
}

describe('delivery, for any interleaving', () => {
  it('is a contiguous run in order for everyone, or a gap event where something is missing', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 120 }), sizes, (steps, sizes) => {
        const { present, entries } = run(steps, sizes)
        for (const observed of present) check(observed, entries, true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is that too where events are missed and the log begins anew', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: step }, { weight: 1, arbitrary: miss }), {
          minLength: 10,
          maxLength: 120,
        }),
        sizes,
        (steps, sizes) => {
          const { present, entries } = run(steps, sizes)
          for (const observed of present) check(observed, entries, false)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('has no gap at all where the history and the window are large enough', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 100 }), turn, (steps, turn) => {
        const { present, entries } = run(steps, { cacheLength: 1000, events: 1000, step: turn })
        for (const { start, joined, sink, type } of present) {
          const known = entries
            .slice(0, joined)
            .some((e) => start.from === 'id' && e.id === start.id)
          const gaps = sink.data.filter((data) => data.startsWith('gap: '))
          assert.deepEqual(gaps, start.from === 'id' && !known ? ['gap: unknown-id'] : [])
          if (type !== undefined) continue
          const after = entries.slice(joined).map(({ sequence }) => `${sequence}`)
          assert.deepEqual(sink.data.slice(after.length ? -after.length : Infinity), after)
        }
      }),
      { numRuns: 500 },
    )
  })
})
