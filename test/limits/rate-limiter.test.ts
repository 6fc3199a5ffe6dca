import assert from 'node:assert/strict'
import fc from 'fast-check'
import { RateLimiter } from '../../src/limits/rate-limiter.js'

describe('a limit of how often', () => {
  it('lets each key have its rate, and after a pause as many at once', () => {
    let now = 0
    const limiter = new RateLimiter(2, () => now)
    const take = (key: string, times: number) =>
      Array.from({ length: times }, () => limiter.take(key))
    assert.deepEqual(take('a', 3), [true, true, false])
    assert.deepEqual(take('b', 1), [true])
    now = 500
    assert.deepEqual(take('a', 2), [true, false])
    now = 60_000
    assert.deepEqual(take('a', 3), [true, true, false])
    now = 0 // a clock that goes back gives nothing
    assert.deepEqual(take('a', 1), [false])
  })

  it('never lets more pass in any span of time than its rate and one second more', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), steps, (rate, steps) => {
        let now = 0
        const limiter = new RateLimiter(rate, () => now)
        const passed: number[] = []
        for (const step of steps) {
          now += step
          if (limiter.take('key')) passed.push(now)
        }
        for (const [first, from] of passed.entries()) {
          for (const [count, to] of passed.slice(first).entries()) {
            assert.ok(count + 1 <= rate + (rate * (to - from)) / 1000 + 1e-6)
          }
        }
      }),
    )
  })

  it('is off with 0', () => {
    const limiter = new RateLimiter(0, () => 0)
    assert.ok(Array.from({ length: 1000 }, () => limiter.take('a')).every(Boolean))
  })
})
