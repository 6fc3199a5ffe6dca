import assert from 'node:assert/strict'
import fc from 'fast-check'
import { encodeEvent } from '../../src/event/encode.js'
import { checkKeepable } from '../../src/event/keepable.js'

const limits = { cacheLength: 1, cacheBytes: 0, cacheTtl: 0, assignIds: false }

describe('an event for a history', () => {
  it('is refused just where it has more bytes than that may have', () => {
    const data = fc.string({
      unit: fc.constantFrom('\n', '\r', 'x', 'é', '€', '😀'),
      maxLength: 900,
    })
    fc.assert(
      fc.property(data, fc.integer({ min: 1, max: 9000 }), (data, cacheBytes) => {
        const event = { id: '1', data }
        const check = () => checkKeepable(event, { ...limits, cacheBytes })
        if (encodeEvent(event).length <= cacheBytes) assert.doesNotThrow(check)
        else assert.throws(check, { code: 'EVENT_TOO_LARGE', message: /cacheBytes/ })
      }),
    )
  })

  it('may be as large as it likes where it is not to be kept', () => {
    const data = 'x'.repeat(10_000)
    checkKeepable({ data }, { ...limits, cacheBytes: 10 })
    checkKeepable({ id: '1', data }, limits)
    checkKeepable({ id: '1', data }, { ...limits, cacheLength: 0, cacheBytes: 10 })
    assert.throws(() => checkKeepable({ data }, { ...limits, cacheBytes: 10, assignIds: true }))
  })
})
