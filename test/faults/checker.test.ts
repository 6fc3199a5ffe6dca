import assert from 'node:assert/strict'
import { check } from './harness/checker.js'
import { type Attempt, dataOf, type Outcome, type Sighting } from './harness/journal.js'

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
})
