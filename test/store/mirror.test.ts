import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Entry, NOTHING, type Snapshot, toEntry } from '../../src/event/entry.js'
import { Mirror } from '../../src/store/mirror.js'
import type { Mark, Reading, Stamped } from '../../src/store/reading.js'
import { until } from '../helpers/until.js'

/** What can happen between a channel and its mirror, in any order. */
type Step =
  | { do: 'append' }
  | { do: 'flush' }
  | { do: 'catch up' }
  /** A message arrives: the one that many before the newest ever sent. */
  | { do: 'arrive'; back: number }
  /** Only so many events are held any more. */
  | { do: 'trim'; left: number }
  /** So many events are lost, as by a failover. */
  | { do: 'regress'; lost: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'append' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      back: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(50) }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'catch up' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), left: fc.nat(3) }) },
)
const disaster: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: step },
  { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('regress' as const),
      lost: fc.integer({ min: 1, max: 3 }),
    }),
  },
)

/** A channel as Redis has it, with the rules of its scripts. */
class Truth {
  readonly sent: Stamped[] = []
  held: Stamped[] = []
  /** What it has lost, not just let go of. */
  readonly lost = new Set<Entry>()
  epoch: string | undefined
  head = 0
  token = ''
  #epochs = 0

  append(): Stamped {
    this.epoch ??= this.#newEpoch()
    const sequence = this.head + 1
    const token = `t${this.sent.length}`
    const at = { sequence, place: sequence, first: sequence, time: 0 }
    const entry = toEntry({ data: token }, at)
    const stamped = { epoch: this.epoch, token, previous: this.token, entry }
    this.head = sequence
    this.token = token
    this.held.push(stamped)
    this.sent.push(stamped)
    return stamped
  }

  flush(): void {
    for (const { entry } of this.sent) this.lost.add(entry)
    this.epoch = undefined
    this.head = 0
    this.token = ''
    this.held = []
  }

  regress(lost: number): void {
    if (this.held.length <= lost) return
    for (const { entry } of this.held.splice(-lost)) this.lost.add(entry)
    const last = this.held.at(-1) as Stamped
    this.head = last.entry.sequence
    this.token = last.token
  }

  read(position: Mark | undefined): Reading {
    if (this.epoch === undefined) return { kind: 'nothing' }
    if (!position || (position.head > 0 && position.epoch !== this.epoch)) return this.#all('reset')
    const { head, token } = position
    if (head === this.head && token === this.token) return { kind: 'same' }
    const entries = this.held.filter(({ entry }) => entry.sequence > head).slice(0, 3)
    const isNext = entries[0]?.entry.sequence === head + 1
    const own = this.held.find(({ entry }) => entry.sequence === head)
    const here = isNext ? entries[0]?.previous : own?.token
    if (this.head <= head || (here !== undefined && here !== token)) {
      this.epoch = this.#newEpoch()
      this.head = Math.max(this.head, head)
      this.token = ''
      return this.#all('reset')
    }
    return isNext ? { kind: 'after', head: this.head, entries } : this.#all('evicted')
  }

  #all(reason: 'reset' | 'evicted'): Reading {
    const snapshot = { ...NOTHING, epoch: this.epoch as string, head: this.head }
    return { kind: 'all', snapshot, token: this.token, reason }
  }

  #newEpoch(): string {
    this.#epochs += 1
    return `e${this.#epochs}`
  }
}

/** Follows a mirror, and holds it to what a follower is promised. */
class Witness {
  readonly accepted: Entry[] = []
  snapshot: Snapshot | undefined
  breaks: string[] = []

  load(snapshot: Snapshot, broken?: string): void {
    const isFirst = this.head === 0 && (snapshot.head === 0 || this.snapshot === undefined)
    assert.equal(broken === undefined, isFirst, 'a break is told, and only a break')
    if (broken) this.breaks.push(broken)
    this.snapshot = snapshot
    this.accepted.length = 0
  }

  accept(entry: Entry): void {
    assert.equal(entry.sequence, this.head + 1, 'without a hole, and none twice')
    this.accepted.push(entry)
  }

  get head(): number {
    return this.accepted.at(-1)?.sequence ?? this.snapshot?.head ?? 0
  }
}

/** All that there was is told, unless it is lost. */
async function catchUp(mirror: Mirror, truth: Truth, witness: Witness): Promise<void> {
  const { head, lost } = truth
  const { size } = lost
  await mirror.catchUp()
  assert.ok(lost.size > size || witness.head >= head)
}

/** @param slowness for how many microtasks a reading is on its way */
async function follow(
  steps: readonly Step[],
  slowness: number,
): Promise<{ truth: Truth; witness: Witness }> {
  const truth = new Truth()
  const witness = new Witness()
  const failures: unknown[] = []
  const mirror = new Mirror({
    read: async (position) => {
      const reading = truth.read(position)
      for (let turn = 0; turn < slowness; turn += 1) await Promise.resolve()
      return reading
    },
    follower: witness,
    report: (error) => failures.push(error),
    patience: 0,
    spacing: 0,
  })
  await mirror.catchUp()
  const readings: Promise<void>[] = []
  for (const step of steps) {
    if (step.do === 'append') truth.append()
    else if (step.do === 'flush') truth.flush()
    else if (step.do === 'catch up') readings.push(catchUp(mirror, truth, witness))
    else if (step.do === 'arrive') mirror.receive(truth.sent.at(-1 - step.back))
    else if (step.do === 'trim') truth.held = truth.held.slice(-1 - step.left)
    else if (step.do === 'regress') truth.regress(step.lost)
    if (step.do !== 'arrive') await Promise.resolve()
  }
  await Promise.all(readings)
  await mirror.catchUp()
  await mirror.catchUp()
  mirror.close()
  assert.deepEqual(failures, [])
  return { truth, witness }
}

describe('a mirror', () => {
  const steps = (of: fc.Arbitrary<Step>) => fc.array(of, { minLength: 5, maxLength: 80 })

  it('tells of each event once and in order, however late, early or often they arrive', () =>
    fc.assert(
      fc.asyncProperty(steps(step), fc.nat(8), async (steps, slowness) => {
        const { truth, witness } = await follow(steps, slowness)
        assert.equal(witness.head, truth.head)
        for (const entry of witness.accepted) {
          assert.equal(entry, truth.sent[entry.sequence - 1]?.entry)
        }
        assert.ok(!witness.breaks.includes('reset'))
      }),
      { numRuns: 500 },
    ))

  it('tells of a break whenever what it told of is not what there is', () =>
    fc.assert(
      fc.asyncProperty(steps(disaster), fc.nat(8), async (steps, slowness) => {
        const { truth, witness } = await follow(steps, slowness)
        assert.equal(witness.head, truth.head)
        for (const entry of witness.accepted) {
          const same = truth.held.find((held) => held.entry.sequence === entry.sequence)
          assert.ok(!same || same.entry === entry, `event ${entry.sequence} is another one`)
          assert.ok(!truth.lost.has(entry), `event ${entry.sequence} was lost in silence`)
        }
      }),
      { numRuns: 1000 },
    ))

  it('is not misled by a reading that knew nothing yet', async () => {
    const truth = new Truth()
    const witness = new Witness()
    let isLate = false
    const mirror: Mirror = new Mirror({
      read: async (mark) => {
        const reading = truth.read(mark)
        if (isLate) mirror.receive(truth.append())
        isLate = false
        return reading
      },
      follower: witness,
      report: assert.ifError,
      spacing: 0,
    })
    await mirror.catchUp()
    isLate = true
    await mirror.catchUp()
    assert.deepEqual([witness.head, witness.breaks], [1, []])
  })

  it('reads on though all of what a reading found has arrived meanwhile', async () => {
    const truth = new Truth()
    const witness = new Witness()
    const mirror: Mirror = new Mirror({
      read: async (mark) => {
        const reading = truth.read(mark)
        if (mark?.head === 1) for (const stamped of truth.sent.slice(1, 4)) mirror.receive(stamped)
        return reading
      },
      follower: witness,
      report: assert.ifError,
      spacing: 0,
    })
    truth.append()
    await mirror.catchUp()
    for (let count = 0; count < 5; count += 1) truth.append()
    await mirror.catchUp()
    assert.equal(witness.head, 6)
    mirror.close()
  })

  it('shares a reading among all who ask for one before it begins', async () => {
    let readings = 0
    const mirror = new Mirror({
      read: async () => {
        readings += 1
        return { kind: 'nothing' }
      },
      follower: new Witness(),
      report: assert.ifError,
    })
    await Promise.all(Array.from({ length: 10_000 }, () => mirror.catchUp()))
    assert.equal(readings, 1)
  })

  it('reads once more for who asks while a reading is under way', async () => {
    const truth = new Truth()
    const witness = new Witness()
    const releases: (() => void)[] = []
    const mirror = new Mirror({
      read: async (position) => {
        const reading = truth.read(position)
        await new Promise<void>((resolve) => releases.push(resolve))
        return reading
      },
      follower: witness,
      report: assert.ifError,
      spacing: 0,
    })
    const readings = async (count: number) => {
      await until(() => releases.length >= count)
      releases.at(-1)?.()
    }
    const first = mirror.catchUp()
    while (releases.length === 0) await Promise.resolve()
    truth.append()
    const second = mirror.catchUp()
    await readings(1)
    await first
    assert.equal(witness.head, 0)
    await readings(2)
    await second
    assert.equal(witness.head, 1)
  })
})
