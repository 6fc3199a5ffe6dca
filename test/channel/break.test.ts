import assert from 'node:assert/strict'
import { Heart } from '../helpers/heart.js'

describe('a channel whose store does not go on where its log ends', () => {
  it('tells subscribers that they missed something, and shows what is still held', () => {
    const heart = new Heart({ cacheLength: 2 })
    const sink = heart.subscribe()
    heart.publish('a')
    heart.settle()
    heart.miss('b', undefined, 'c', 'd')
    heart.settle()
    heart.publish('e')
    heart.settle()
    assert.deepEqual(sink.data, ['1', 'gap: evicted', '4', '5', '6'])
  })

  it('tells nothing to those who have missed nothing', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    heart.publish('a')
    heart.settle()
    heart.miss()
    heart.publish('b')
    heart.settle()
    assert.deepEqual(sink.data, ['1', '2'])
  })

  it('tells subscribers of a store that was emptied, then shows all that it has now', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    heart.publishAll('a', 'b')
    heart.settle()
    heart.reset('x', 'y')
    heart.settle()
    heart.publish('z')
    heart.settle()
    assert.deepEqual(sink.data, ['1', '2', 'gap: reset', 'new x', 'new y', '3'])
  })

  it('tells so also where nothing is left', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    heart.publish('a')
    heart.settle()
    heart.reset()
    heart.settle()
    assert.deepEqual(sink.data, ['1', 'gap: reset'])
  })

  it('tells a subscriber that stalls, once it reads again', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    sink.stall()
    heart.publish('a')
    heart.settle()
    heart.reset('x')
    heart.settle()
    sink.drain()
    heart.settle()
    assert.deepEqual(sink.data, ['1', 'gap: reset', 'new x'])
  })

  it('tells a subscriber in the middle of its replay', () => {
    const heart = new Heart({ writeSize: 1 })
    heart.publishAll('a', 'b', 'c')
    const { sink } = heart.open({ from: 'history' }, [], true)
    heart.reset('x')
    sink.isNarrow = false
    sink.drain()
    heart.settle()
    assert.deepEqual(sink.data.slice(-2), ['gap: reset', 'new x'])
  })

  it('lets publishers go on that wait for subscribers', async () => {
    const heart = new Heart({ window: { events: 2, bytes: 1_000_000 } })
    heart.subscribe()
    heart.publishAll('a', 'b', 'c')
    const ready = heart.channel.ready()
    heart.reset('x')
    heart.settle()
    await ready
  })

  it('does not hold more for subscribers than some windows, whatever other hubs publish', () => {
    const heart = new Heart({ cacheLength: 1, window: { events: 10, bytes: 1_000_000 } })
    const sink = heart.subscribe()
    for (let count = 0; count < 100; count += 1) heart.publish()
    assert.ok(heart.channel.log.recent.size <= 50)
    heart.settle()
    assert.equal(sink.data[0], 'gap: slow')
  })
})
