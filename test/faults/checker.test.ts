import assert from 'node:assert/strict'
import { check } from './harness/checker.js'
import { type Attempt, dataOf, type Loss, type Outcome, type Sighting } from './harness/journal.js'

/** An attempt to publish that takes the time from `at` to one ms later. */
function attempt(id: string, at: number, outcome: Outcome, sequence?: number): Attempt {
  const told = sequence === undefined ? {} : { sequence }
  return { publisher: 'p', channel: 'c', id, begun: at, ended: at + 1, outcome, ...told }
}

/** Events of ids 1, 2, 3, … which were published one after another and acked. */
function acked(...ids: number[]): Attempt[] {
  return ids.map((id) => attempt(`${id}`, id * 10, 'acked', id))
}

const event = (id: number | string, data = dataOf(`${id}`)): Sighting => ({
  kind: 'event',
  id: `${id}`,
  data,
  at: 10_000,
})

const gap = (reason = 'evicted'): Sighting => ({ kind: 'gap', reason, at: 10_000 })

/** What the checker finds where a client saw this. */
function verdict(attempts: readonly Attempt[], ...sightings: Sighting[]): string[] {
  const watches = [{ client: 'client', channel: 'c', sightings }]
  return check({ attempts, watches }).map(({ kind, what }) => `${kind}: ${what}`)
}

describe('the checker of faults', () => {
  it('finds nothing where each acked event was seen once and in order', () => {
    assert.deepEqual(verdict(acked(1, 2, 3), event(1), event(2), event(3)), [])
  })

  it('finds an acked event lost', () => {
    const lost = ['lost: never saw 2, number 2, and was told of no gap, published at 0.02 s']
    assert.deepEqual(verdict(acked(1, 2, 3), event(1), event(3)), lost)
  })

  it('finds the last event lost', () => {
    assert.equal(verdict(acked(1, 2), event(1)).length, 1)
    assert.equal(verdict(acked(1, 2), event(1), gap()).length, 1, 'a gap after which nothing is')
  })

  it('finds nothing where a gap was signalled in the place of what is missing', () => {
    assert.deepEqual(verdict(acked(1, 2, 3, 4), event(1), gap(), event(4)), [])
  })

  it('finds a loss beside a gap', () => {
    const attempts = acked(1, 2, 3, 4, 5)
    assert.equal(verdict(attempts, event(1), gap(), event(3), event(5)).length, 1)
    assert.equal(verdict(attempts, gap(), event(1), event(3), event(4), event(5)).length, 1)
  })

  it('finds a loss of an event whose number nobody knows, unless a gap came after it', () => {
    const attempts = [...acked(1, 2), attempt('x', 15, 'acked')]
    assert.equal(verdict(attempts, event(1), event(2)).length, 1)
    assert.deepEqual(verdict(attempts, event(1), gap(), event(2)), [])
  })

  it('takes an event whose answer did not come as it is: seen or not', () => {
    const attempts = [...acked(1, 3), attempt('2', 15, 'unknown')]
    assert.deepEqual(verdict(attempts, event(1), event(3)), [])
    assert.deepEqual(verdict(attempts, event(1), event(2), event(3)), [])
  })

  it('finds an event that nobody published', () => {
    assert.deepEqual(verdict(acked(1), event(1), event('other')), [
      'phantom: saw other, which nobody published',
    ])
  })

  it('finds an event that was refused, unless it was published again', () => {
    const refused = attempt('2', 20, 'refused')
    assert.deepEqual(verdict([...acked(1), refused], event(1), event(2)), [
      'phantom: saw 2, which was refused',
    ])
    assert.deepEqual(verdict([...acked(1), refused, ...acked(3)], event(1), event(3)), [])
    const again = [...acked(1), refused, attempt('2', 30, 'acked', 2)]
    assert.deepEqual(verdict(again, event(1), event(2)), [])
  })

  it('finds an event that was seen before it was published', () => {
    const late = attempt('1', 20_000, 'acked', 1)
    assert.deepEqual(verdict([late], event(1)), ['phantom: saw 1 before it was published'])
  })

  it('finds an event with the data of another, and one cut short', () => {
    for (const data of [dataOf('2'), dataOf('1').slice(0, -1)]) {
      assert.match(verdict(acked(1), event(1, data)).join(), /^phantom: saw 1 with other data/)
    }
  })

  it('finds what is no event of a publisher at all', () => {
    const other: Sighting = { kind: 'other', text: 'HTTP/1.1 408', at: 0 }
    assert.deepEqual(verdict(acked(1), event(1), other), ['phantom: saw HTTP/1.1 408'])
  })

  it('finds an event seen twice, unless all there is was shown anew', () => {
    const attempts = acked(1, 2)
    const twice = verdict(attempts, event(1), event(1), event(2))
    assert.deepEqual(twice, ['duplicate: saw 1 twice'])
    assert.equal(verdict(attempts, event(1), gap('slow'), event(1), event(2)).length, 1)
    assert.deepEqual(verdict(attempts, event(1), gap('reset'), event(1), event(2)), [])
  })

  it('finds an event of two numbers, and two events of one number', () => {
    const two = [...acked(1), attempt('1', 50, 'acked', 2)]
    assert.deepEqual(verdict(two, event(1)), ['duplicate: 1 is both number 1 and 2'])
    const one = [...acked(1), attempt('2', 50, 'acked', 1)]
    assert.match(verdict(one, event(1), event(2)).join(), /duplicate: 1 and 2 are number 1/)
  })

  it('finds an event seen before one that is before it', () => {
    assert.deepEqual(verdict(acked(1, 2, 3), event(1), event(3), event(2)), [
      'reordered: saw 2 after 3',
    ])
  })

  it('finds two clients with different orders by what one of them is told', () => {
    const attempts = [attempt('1', 10, 'unknown'), attempt('2', 10, 'unknown')]
    const told = [event(1), event(2)].map((seen, index) => ({ ...seen, sequence: index + 1 }))
    const watches = [
      { client: 'a', channel: 'c', sightings: [event(2), event(1)] },
      { client: 'history', channel: 'c', sightings: told },
    ]
    assert.deepEqual(
      check({ attempts, watches }).map(({ kind, who }) => [kind, who]),
      [['reordered', 'a']],
    )
  })

  it('finds an event numbered before one that was acked before it was published', () => {
    const attempts = [attempt('1', 10, 'acked', 2), attempt('2', 20, 'acked', 1)]
    const found = verdict(attempts, event(2), event(1))
    assert.match(found.join(), /reordered: 2 comes before 1/)
    const together = attempts.map((one) => ({ ...one, publisher: one.id, ended: 30 }))
    assert.deepEqual(verdict(together, event(2), event(1)), [])
  })

  it('finds a client turned away for good, and a publisher answered nonsense', () => {
    const refusal: Sighting = { kind: 'refusal', status: 'HTTP/1.1 503', at: 0 }
    assert.deepEqual(verdict(acked(1), refusal, event(1)), [
      'turned-away: was answered HTTP/1.1 503',
    ])
    const nonsense = { ...attempt('2', 20, 'unknown'), status: 500 }
    assert.deepEqual(verdict([...acked(1), nonsense], event(1)), [
      'turned-away: was answered 500 to 2',
    ])
  })

  it('judges each channel by its own events', () => {
    const attempts = acked(1)
    const watches = [{ client: 'client', channel: 'other', sightings: [event(1)] }]
    assert.deepEqual(
      check({ attempts, watches }).map(({ kind, channel }) => [kind, channel]),
      [['phantom', 'other']],
    )
  })

  it('finds what a client did not see though hubs hold it, whatever gap it was told of', () => {
    const seen = { client: 'client', channel: 'c', sightings: [event(1), gap(), event(3)] }
    const held = { client: 'history', channel: 'c', sightings: [1, 2, 3].map((id) => event(id)) }
    const watches = [seen, { ...held, isHistory: true }]
    const found = check({ attempts: acked(1, 2, 3), watches })
    assert.deepEqual(
      found.map(({ kind, who }) => [kind, who]),
      [['lost', 'client']],
    )
  })

  it('finds hubs that hold different histories', () => {
    const history = (client: string, ...ids: number[]) => {
      const sightings = ids.map((id) => event(id))
      return { client, channel: 'c', sightings, isHistory: true }
    }
    const attempts = [...acked(1), attempt('2', 20, 'unknown')]
    const found = check({ attempts, watches: [history('a', 1), history('b', 1, 2)] })
    assert.deepEqual(
      found.map(({ kind, who }) => [kind, who]),
      [['disagreement', 'b']],
    )
  })

  describe('where the store has lost what it had', () => {
    /** After 1 to 4 were published, and before 5 was. */
    const loss: Loss = { since: 15, begun: 45, ended: 46 }
    const all: Loss = { ...loss, since: Number.NEGATIVE_INFINITY }
    const told: Sighting = { ...gap('reset'), at: 46 }

    const judge = (losses: Loss[], attempts: readonly Attempt[], ...sightings: Sighting[]) => {
      const watches = [{ client: 'client', channel: 'c', sightings }]
      const found = check({ attempts, watches, losses })
      return found.map(({ kind, what }) => `${kind} ${/\d+/.exec(what)}`)
    }

    it('finds nothing where a client is told before it is shown what came later', () => {
      const attempts = acked(1, 2, 3, 4, 5)
      assert.deepEqual(judge([loss], attempts, event(1), told, event(5)), [])
      assert.deepEqual(judge([loss], attempts, event(1), event(3), told, event(1), event(5)), [])
    })

    it('finds each event of which a client is not told, or too late', () => {
      const lost = ['lost 2', 'lost 3', 'lost 4']
      const attempts = acked(1, 2, 3, 4, 5, 6)
      assert.deepEqual(judge([loss], attempts, event(1), event(5), event(6)), lost)
      assert.deepEqual(judge([loss], attempts, event(1), event(5), told, event(6)), lost)
    })

    it('finds an event that is missing though the store had kept it', () => {
      const attempts = acked(1, 2, 3, 4, 5, 6)
      assert.deepEqual(judge([loss], attempts, event(2), told, event(6)), ['lost 1'])
      assert.deepEqual(judge([all], attempts, event(2), told, event(6)), [])
    })

    it('finds the loss of which a client is told only by a gap after another one', () => {
      const second: Loss = { ...all, begun: 65, ended: 66 }
      const attempts = acked(1, 2, 5, 6, 7)
      const late: Sighting = { ...gap('reset'), at: 67 }
      assert.deepEqual(judge([all, second], attempts, told, late, event(7)), [])
      assert.deepEqual(judge([all, second], attempts, event(1), told, event(5), event(7)), [
        'lost 6',
      ])
      const missed = judge([all, second], attempts, event(1), event(5), late, event(7))
      assert.deepEqual(missed, ['lost 2'])
    })

    it('lets numbers begin anew, and in each life each event have its own', () => {
      const anew = [5, 6].map((id) => attempt(`${id}`, id * 10, 'acked', id - 4))
      const first = [1, 2].map((id) => event(id))
      const attempts = [...acked(1, 2), ...anew]
      assert.deepEqual(judge([all], attempts, ...first, told, event(5), event(6)), [])
      assert.deepEqual(judge([all], attempts, ...first, told, event(6), event(5)), ['reordered 5'])
      const same = attempt('7', 70, 'acked', 2)
      const seen = [...first, told, event(5), event(6), event(7)]
      assert.ok(judge([all], [...attempts, same], ...seen).includes('duplicate 6'))
    })
  })
})
