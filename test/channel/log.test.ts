import assert from 'node:assert/strict'
import { Log } from '../../src/channel/log.js'
import { NOTHING, toEntry } from '../../src/event/entry.js'

describe('a log whose events are dated by clocks that differ', () => {
  let log: Log

  const add = (sequence: number, time: number, now: number, id?: string) => {
    const at = { sequence, place: sequence, first: sequence, time }
    log.append(toEntry({ data: 'x', ...(id !== undefined && { id }) }, at), 0, now)
  }
  const ids = () => [...log.history.after(0)].map(({ id }) => id)

  beforeEach(() => {
    log = new Log(NOTHING, { cacheLength: 10, cacheTtl: 10 }, { events: 10, bytes: 1000 })
    add(1, 1000, 1000, 'a')
    add(2, 9_000_000, 2000, 'ahead')
    add(3, 9_000_000, 2000)
    add(4, 3000, 3000, 'b')
  })

  it('lets nothing go before its time for one that is dated ahead', () => {
    assert.deepEqual(ids(), ['a', 'ahead', 'b'])
    log.expire(11_001, 4)
    assert.deepEqual(ids(), ['ahead', 'b'])
    assert.equal(log.recent.first, 2)
  })

  it('lets those that came before one that is too old go with it', () => {
    log.expire(13_001, 4)
    assert.deepEqual(ids(), [])
    assert.equal(log.recent.size, 0)
  })
})
