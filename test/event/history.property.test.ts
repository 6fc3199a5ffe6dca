import assert from 'node:assert/strict'
import fc from 'fast-check'
import { History, type HistoryLimits, type Remembered } from '../../src/event/history.js'

/** A history as one would write it down: the events in the order in which they came. */
class Model {
  kept: Remembered[] = []
  places: Remembered[] = []
  evictedThrough = 0
  evictions = { bytes: 0, age: 0 }

  constructor(readonly limits: Required<HistoryLimits>) {}

  get bytes(): number {
    return this.kept.reduce((sum, { frame }) => sum + frame.length, 0)
  }

  add(event: Remembered): void {
    const at = this.places.findIndex(({ id }) => id === event.id)
    this.kept = [...this.kept.filter(({ id }) => id !== event.id), event]
    this.places = at === -1 ? [...this.places, event] : this.places.with(at, event)
    const { cacheLength, cacheBytes } = this.limits
    while (this.kept.length > cacheLength) this.#evict()
    while (cacheBytes > 0 && this.bytes > cacheBytes) {
      this.evictions.bytes += 1
      this.#evict()
    }
  }

  expire(now: number): void {
    const { cacheTtl } = this.limits
    const dated = this.kept.filter(({ time }) => time <= now) // the others hold nobody back
    const young = dated.findIndex(({ time }) => time >= now - cacheTtl * 1000)
    const last = (young === -1 ? dated : dated.slice(0, young)).at(-1)
    while (cacheTtl > 0 && last && this.kept.includes(last)) {
      this.evictions.age += 1
      this.#evict()
    }
  }

  #evict(): void {
    const oldest = this.kept.shift() as Remembered
    this.places = this.places.filter((event) => event !== oldest)
    this.evictedThrough = oldest.sequence
  }
}

const limits = fc.record({
  cacheLength: fc.integer({ min: 0, max: 6 }),
  cacheBytes: fc.integer({ min: 0, max: 60 }),
  cacheTtl: fc.integer({ min: 0, max: 5 }),
})

const step = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  length: fc.integer({ min: 1, max: 40 }),
  /** Clocks are set back, too. */
  wait: fc.integer({ min: -3000, max: 4000 }),
  isTick: fc.boolean(),
})

describe('a history', () => {
  it('keeps what a plain list of it keeps, by number, bytes and age', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60 }), (limits, steps) => {
        const evictions = { bytes: 0, age: 0 }
        const history = new History<Remembered>(limits, 0, evictions)
        const model = new Model(limits)
        let now = 0
        let sequence = 0
        for (const { id, length, wait, isTick } of steps) {
          now += wait
          const through = history.expiredThrough(now)
          const readable = [...history.after(through)]
          history.expire(now)
          model.expire(now)
          assert.deepEqual(readable, [...history.after(0)], 'what is too old is not to be read')
          if (!isTick) {
            sequence += 1
            const numbers = history.numbersFor(id, sequence)
            const event = { id, sequence, ...numbers, time: now, frame: { length } }
            history.add(event)
            model.add(event)
          }
          assert.deepEqual([...history.after(0)], model.kept)
          assert.deepEqual([...history.afterPlace(0)], model.places)
          assert.equal(history.bytes, model.bytes)
          assert.equal(history.evictedThrough, model.evictedThrough)
          assert.deepEqual(evictions, model.evictions)
        }
      }),
    )
  })
})
