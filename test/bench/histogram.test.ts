import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Histogram } from '../../src/bench/histogram.js'

const values = fc.array(fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(2 ** 31 - 1)), {
  minLength: 1,
  maxLength: 200,
})

function histogramOf(recorded: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of recorded) histogram.record(value)
  return histogram
}

describe('a histogram', () => {
  it('knows every quantile within 0.8 %, and never too low', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (recorded, share) => {
        const rank = Math.max(1, Math.ceil(share * recorded.length))
        const exact = recorded.toSorted((a, b) => a - b)[rank - 1] as number
        const found = histogramOf(recorded).quantile(share)
        assert.ok(found >= exact, `${found} is below ${exact}`)
        assert.ok(found <= exact * (1 + 1 / 128), `${found} is far above ${exact}`)
        if (exact < 256) assert.equal(found, exact)
      }),
    )
  })

  it('knows count, highest and mean exactly', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const histogram = histogramOf(recorded)
        assert.equal(histogram.count, recorded.length)
        assert.equal(histogram.max, Math.max(...recorded))
        assert.equal(histogram.mean, recorded.reduce((a, b) => a + b, 0) / recorded.length)
      }),
    )
  })

  it('that others were merged into is the one that had recorded all', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (parts) => {
        const merged = new Histogram()
        for (const part of parts) merged.merge(histogramOf(part).toData())
        assert.deepEqual(merged.toData(), histogramOf(parts.flat()).toData())
      }),
    )
  })

  it('brings what is out of its range into it, and says 0 of nothing', () => {
    assert.equal(histogramOf([-5]).max, 0)
    assert.equal(histogramOf([1e15]).quantile(1), 2 ** 31 - 1)
    assert.deepEqual([new Histogram().quantile(0.5), new Histogram().mean], [0, 0])
  })
})
