import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Ledger } from '../../src/bench/ledger.js'
import { channelOf, nextNumber, share } from '../../src/bench/numbering.js'

const CHANNELS = 3
const PUBLISHERS = 2
const CHANNEL = 1

/** What publishers send to the channel that is looked at. */
function sentTo(counts: readonly number[]): [publisher: number, number: number][] {
  return counts.flatMap((count, publisher) =>
    Array.from({ length: count }, (_, number): [number, number] => [publisher, number]).filter(
      ([, number]) => channelOf(publisher, number, CHANNELS) === CHANNEL,
    ),
  )
}

const ledger = () => new Ledger(CHANNEL, CHANNELS, PUBLISHERS)
const counts = fc.array(fc.nat(40), { minLength: PUBLISHERS, maxLength: PUBLISHERS })
const NOTHING_FAILED = [[], []]
const NONE = { lost: 0, told: 0, duplicated: 0, reordered: 0 }

describe('the ledger of a subscriber', () => {
  it('finds as many lost, duplicated and unsure as there are', () => {
    const fates = fc.array(fc.constantFrom('comes', 'comes', 'lost', 'twice', 'failed'), {
      minLength: 80,
      maxLength: 80,
    })
    fc.assert(
      fc.property(counts, fates, (counts, fates) => {
        const one = ledger()
        const sent = sentTo(counts)
        const failed: number[][] = [[], []]
        const found = { ...NONE }
        for (const [index, [publisher, number]] of sent.entries()) {
          const fate = fates[index]
          if (fate === 'failed') failed[publisher]?.push(number)
          if (fate === 'lost') found.lost += 1
          if (fate === 'comes' || fate === 'twice') assert.equal(one.take(publisher, number), true)
          if (fate === 'twice') {
            found.duplicated += 1
            assert.equal(one.take(publisher, number), false)
          }
        }
        assert.deepEqual(one.faults({ counts, failed }), found)
      }),
    )
  })

  it('is at its end when all has come, and not before', () => {
    fc.assert(
      fc.property(counts, (counts) => {
        const one = ledger()
        const sent = { counts, failed: NOTHING_FAILED }
        for (const [publisher, number] of sentTo(counts)) {
          assert.equal(one.isAtEnd(sent), false)
          one.take(publisher, number)
        }
        assert.equal(one.isAtEnd(sent), true)
        assert.equal(one.seen, sentTo(counts).length)
      }),
    )
  })

  it('counts one that came after a later one as out of order, not as lost', () => {
    const one = ledger()
    const counts = [12, 0]
    const [first, second, third, fourth] = sentTo(counts).map(([, number]) => number) as number[]
    for (const number of [first, fourth, third, second]) one.take(0, number as number)
    assert.deepEqual(one.faults({ counts, failed: NOTHING_FAILED }), { ...NONE, reordered: 2 })
  })

  it('counts what a gap told of apart, and what came again after it not at all', () => {
    const one = ledger()
    const counts = [30, 30]
    const own = sentTo(counts).map(([, number]) => number)
    const [of0, of1] = [own.slice(0, 10), own.slice(10)] as [number[], number[]]
    for (const number of of0.slice(0, 3)) one.take(0, number)
    one.take(1, of1[0] as number)
    one.gap()
    for (const number of [...of0.slice(2, 3), ...of0.slice(6)]) one.take(0, number)
    // Nothing more came of publisher 1: that is told, too.
    const faults = one.faults({ counts, failed: NOTHING_FAILED })
    assert.deepEqual(faults, { ...NONE, told: 3 + 9 })
  })

  it('has the same order as others exactly if they were given the same in the same order', () => {
    const orderOf = (events: readonly (readonly [number, number])[]) => {
      const one = new Ledger(0, 1, 2)
      for (const [publisher, number] of events) one.take(publisher, number)
      return one.order
    }
    const events = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const
    const other = [
      [1, 0],
      [0, 0],
      [0, 1],
      [1, 1],
    ] as const
    assert.equal(orderOf(events), orderOf(events))
    assert.notEqual(orderOf(events), orderOf(other))
  })

  it('knows how many of all that were sent are for a channel', () => {
    fc.assert(
      fc.property(counts, (counts) => {
        const numbers = counts.map((sent, publisher) => [
          nextNumber(publisher, CHANNEL, CHANNELS, 0),
          nextNumber(publisher, CHANNEL, CHANNELS, sent),
        ])
        const due = numbers.map(([from = 0, to = 0]) => (to - from) / CHANNELS)
        assert.equal(
          due.reduce((a, b) => a + b),
          sentTo(counts).length,
        )
      }),
    )
    assert.deepEqual(
      [0, 1, 2].map((part) => share(8, 3, part)),
      [3, 3, 2],
    )
  })
})
