import assert from 'node:assert/strict'
import { FakeSink, Heart } from '../helpers/heart.js'

const END = 'event: ssehub.end\ndata: {"channel":"test","reason":"token-expired"}\n\n'

describe('a subscriber whose time is over', () => {
  const start = () => {
    const heart = new Heart()
    const sink = new FakeSink()
    heart.channel.subscribe(sink, { from: 'now' }, undefined, 10_000)
    return { heart, sink }
  }
  /** The same, when its time has come while it did not read. */
  const startStalled = () => {
    const { heart, sink } = start()
    sink.stall()
    heart.publishAll('1')
    heart.settle()
    heart.now = 10_000
    heart.channel.tick()
    return { heart, sink }
  }

  it('is told so, last of all, and is no subscriber any more', () => {
    const { heart, sink } = start()
    heart.publishAll('1')
    heart.settle()
    heart.now = 9999
    heart.channel.tick()
    assert.ok(!sink.isEnded)
    heart.now = 10_000
    heart.channel.tick()
    assert.ok(sink.isEnded)
    assert.ok(sink.received.startsWith('id: 1\n') && sink.received.endsWith(END))
    heart.publishAll('2')
    heart.settle()
    heart.channel.tick()
    assert.ok(sink.received.endsWith(END))
    assert.deepEqual([heart.channel.subscribers, heart.channel.counters.disconnects], [0, 1])
  })

  it('is shown nothing more, also of what came before: it was not read in time', () => {
    const { heart, sink } = start()
    sink.stall()
    heart.publishAll('1')
    heart.settle()
    heart.publishAll('2')
    heart.settle()
    heart.now = 10_000
    heart.channel.tick()
    heart.publishAll('3')
    heart.settle()
    assert.ok(!sink.isEnded)
    sink.drain()
    assert.deepEqual(sink.data.slice(0, 1), ['1'])
    assert.equal(sink.events.length, 2)
    assert.ok(sink.isEnded && sink.received.endsWith(END))
  })

  it('is closed if it does not read even that', () => {
    const { heart, sink } = startStalled()
    heart.now += 60_000
    heart.channel.tick()
    assert.ok(sink.isDestroyed && !sink.isEnded)
  })

  it('is told why also by a hub that stops', () => {
    const { heart, sink } = startStalled()
    heart.channel.end(() => 1000)
    sink.drain()
    assert.ok(sink.received.endsWith(END))
  })

  it('is the only one: others go on', () => {
    const { heart } = start()
    const other = heart.subscribe()
    heart.now = 10_000
    heart.channel.tick()
    heart.publishAll('1')
    heart.settle()
    assert.deepEqual(other.data, ['1'])
    assert.equal(heart.channel.subscribers, 1)
  })
})
