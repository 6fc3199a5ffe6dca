import assert from 'node:assert/strict'
import type { Subscriber } from '../../src/channel/subscriber.js'
import { FakeSink, Heart } from '../helpers/heart.js'

/** What a subscriber's gap event says that it had asked for, or seen. */
function requested(sink: FakeSink): string | null | undefined {
  const gap = sink.events.find(({ event }) => event === 'ssehub.gap')
  return gap && JSON.parse(gap.data).requested
}

describe('subscribers that keep up', () => {
  it('know what they have seen since they joined, and no more, when they lag', () => {
    const heart = new Heart({ cacheLength: 0, window: { events: 1, bytes: 1_000_000 } })
    const old = heart.subscribe()
    heart.publish('1')
    heart.settle()
    const sinks = [old, heart.subscribe()]
    for (const sink of sinks) sink.stall()
    heart.now = 5000
    heart.channel.tick() // a ping, which they do not take
    for (const id of ['2', '3', '4']) {
      heart.publish(id)
      heart.settle()
    }
    for (const sink of sinks) sink.drain()
    assert.deepEqual(sinks.map(requested), ['1', null])
  })

  it('know what they have seen when a round breaks off that has come to some of them', () => {
    const heart = new Heart({ step: 1 })
    const sinks = [heart.subscribe(), heart.subscribe()]
    heart.publish('1')
    heart.turn()
    heart.reset('2')
    heart.settle()
    assert.deepEqual(sinks.map(requested), ['1', null])
    assert.deepEqual(
      sinks.map(({ data }) => data),
      [
        ['1', 'gap: reset', 'new 2'],
        ['gap: reset', 'new 2'],
      ],
    )
  })

  it('know nothing of what came before the log was reset', () => {
    const heart = new Heart()
    heart.subscribe()
    heart.publishAll('1', '2', '3')
    heart.settle()
    heart.reset('x')
    heart.settle()
    const late = heart.subscribe()
    heart.reset('y')
    heart.settle()
    assert.equal(requested(late), null)
  })

  it('are pinged when they were sent nothing for the interval', () => {
    const heart = new Heart({ pingInterval: 5000 })
    const sink = heart.subscribe()
    heart.now = 3000
    heart.publish('1')
    heart.settle()
    for (const [now, pings] of [
      [7999, 0],
      [8000, 1],
      [12_999, 1],
      [13_000, 2],
    ] as const) {
      heart.now = now
      heart.channel.tick()
      assert.equal(sink.received, `id: 1\ndata: 1\n\n${':\n\n'.repeat(pings)}`)
    }
  })

  it('miss nothing of a burst that takes many writes, though more comes meanwhile', () => {
    const heart = new Heart({ step: 1, writeSize: 1, window: { events: 10, bytes: 1_000_000 } })
    const sink = heart.subscribe()
    for (let burst = 0; burst < 2; burst += 1) {
      for (let count = 0; count < 8; count += 1) heart.publish()
      heart.turn()
      heart.turn()
    }
    heart.settle()
    assert.deepEqual(
      sink.data,
      Array.from({ length: 16 }, (_, index) => `${index + 1}`),
    )
  })

  it('end when their time is over, as soon as they have read what they were sent', () => {
    const heart = new Heart()
    const sink = new FakeSink()
    heart.channel.subscribe(sink, { from: 'now' }, undefined, 10_000)
    sink.stall()
    heart.publish('1')
    heart.settle()
    heart.now = 10_000
    heart.channel.tick()
    sink.drain()
    assert.equal(sink.isEnded, true)
    assert.equal(heart.channel.subscribers, 0)
  })

  describe('are not those who have drained and are still to be told so', () => {
    let heart: Heart
    let sink: FakeSink
    let subscriber: Subscriber
    let onDrain: () => void

    /** One that keeps up does not take an event, then its time comes to be looked after. */
    beforeEach(() => {
      heart = new Heart({ step: 1 })
      sink = new FakeSink()
      sink.onDrain = (callback) => {
        onDrain = callback
      }
      subscriber = heart.channel.subscribe(sink, { from: 'now' }, undefined, 10_000)
      heart.subscribe()
      sink.stall()
      heart.publish('1')
      heart.turn()
    })

    const drainAmongEvents = () => {
      sink.drain()
      heart.settle()
      heart.publish('2')
      heart.settle()
      onDrain()
      heart.settle()
    }

    it('so that each is shown everything once', () => {
      heart.channel.tick()
      drainAmongEvents()
      assert.deepEqual(sink.data, ['1', '2'])
    })

    it('so that one whose time is over is shown nothing more', () => {
      heart.now = 10_000
      heart.channel.tick()
      drainAmongEvents()
      assert.deepEqual(
        sink.events.map(({ event }) => event),
        [undefined, 'ssehub.end'],
      )
      assert.equal(sink.isEnded, true)
    })

    it('so that one who has left is shown nothing more', () => {
      heart.channel.tick()
      heart.channel.unsubscribe(subscriber)
      drainAmongEvents()
      assert.deepEqual(sink.data, ['1'])
    })
  })
})
