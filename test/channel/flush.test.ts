import assert from 'node:assert/strict'
import { Flusher } from '../../src/channel/flusher.js'
import { type FakeSink, Heart } from '../helpers/heart.js'

describe('a subscriber that stalls', () => {
  it('goes on from where it stood when it drains, and misses nothing', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    sink.stall()
    heart.publishAll('1', '2')
    heart.settle()
    heart.publishAll('3', '4')
    heart.settle()
    sink.drain()
    assert.deepEqual(sink.data, ['1', '2', '3', '4'])
  })

  it('is handed nothing while what it was handed is not taken', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    sink.stall()
    let writes = 0
    const write = sink.write.bind(sink)
    sink.write = (bytes) => {
      writes += 1
      write(bytes)
    }
    for (let count = 0; count < 50; count += 1) {
      heart.publish()
      heart.settle()
    }
    assert.equal(writes, 1)
  })

  it('is told when the log has moved past it, and goes on from the oldest event held', () => {
    const heart = new Heart({ cacheLength: 2, window: { events: 3, bytes: 1_000_000 } })
    const sink = heart.subscribe()
    heart.publish('first')
    heart.settle()
    sink.stall()
    for (let count = 2; count <= 20; count += 1) {
      heart.publish(`${count}`)
      heart.settle()
    }
    sink.drain()
    const gap = sink.events.find(({ event }) => event === 'ssehub.gap')
    assert.deepEqual(JSON.parse(gap?.data ?? ''), {
      channel: 'test',
      requested: '2',
      oldest: '19',
      newest: '20',
      reason: 'slow',
    })
    assert.deepEqual(sink.data, ['1', '2', 'gap: slow', '18', '19', '20'])
  })

  it('misses nothing when all that the window lost is still in the history', () => {
    const heart = new Heart({ cacheLength: 50, window: { events: 3, bytes: 1_000_000 } })
    const sink = heart.subscribe()
    sink.stall()
    const wanted: string[] = []
    for (let count = 1; count <= 20; count += 1) {
      wanted.push(`${count}`)
      heart.publish(`${count}`)
      heart.settle()
    }
    sink.drain()
    assert.deepEqual(sink.data, wanted)
  })

  it('is told once, though both what it asked for and what came since is gone', () => {
    const heart = new Heart({
      cacheLength: 2,
      window: { events: 2, bytes: 1_000_000 },
      writeSize: 1,
    })
    heart.publishAll('1', '2', '3')
    const { sink } = heart.open({ from: 'id', id: '1' }, [], true)
    for (let count = 4; count <= 20; count += 1) {
      heart.publish(`${count}`)
      heart.settle()
    }
    sink.isNarrow = false
    sink.drain()
    heart.settle()
    assert.deepEqual(sink.data, ['2', '3', 'gap: slow', '19', '20'])
  })

  it('is told of what it lost while it was shown the whole history', () => {
    const heart = new Heart({ cacheLength: 4, writeSize: 1 })
    heart.publishAll('1', '2', '3', '4')
    const { sink } = heart.open({ from: 'history' }, [], true)
    heart.publishAll('5', '6', '7')
    sink.isNarrow = false
    sink.drain()
    heart.settle()
    assert.deepEqual(sink.data, ['1', 'gap: slow', '4', '5', '6', '7'])
  })

  it('is closed when it does not drain within the limit, and counted', () => {
    const heart = new Heart({ stallTimeout: 10_000 })
    const sink = heart.subscribe()
    sink.stall()
    heart.publish()
    heart.settle()
    heart.now = 1000
    heart.channel.tick()
    heart.now = 10_999
    heart.channel.tick()
    assert.equal(sink.isDestroyed, false)
    heart.now = 11_000
    heart.channel.tick()
    assert.equal(sink.isDestroyed, true)
    assert.equal(heart.channel.counters.stalls, 1)
  })
})

describe('pings', () => {
  it('go to those who were sent nothing for the interval, and to no one else', () => {
    const heart = new Heart({ pingInterval: 5000 })
    const idle = heart.subscribe()
    heart.now = 3000
    const fresh = heart.subscribe()
    heart.now = 5000
    heart.channel.tick()
    assert.equal(idle.received, ':\n\n')
    assert.equal(fresh.received, '')
    heart.now = 8000
    heart.channel.tick()
    assert.equal(idle.received, ':\n\n')
    assert.equal(fresh.received, ':\n\n')
  })

  it('are events where the configuration says so', () => {
    const heart = new Heart({ pingEvent: true })
    const sink = heart.subscribe()
    heart.now = 5000
    heart.channel.tick()
    assert.equal(sink.received, 'event: ping\ndata:\n\n')
  })
})

describe('a flush', () => {
  it('serves everybody once while subscribers come and go', () => {
    const heart = new Heart()
    const opened = Array.from({ length: 2000 }, () => heart.open({ from: 'now' }))
    heart.publish('1')
    heart.turn()
    const gone = opened.filter((_, index) => index % 3 === 0)
    for (const { subscriber } of gone) heart.channel.unsubscribe(subscriber)
    const late = heart.subscribe()
    heart.settle()
    for (const { sink } of opened.filter((one) => !gone.includes(one))) {
      assert.deepEqual(sink.data, ['1'])
    }
    assert.deepEqual(late.data, [])
  })

  it('lets everybody leave, also while it pauses with nobody left to visit', () => {
    const heart = new Heart({ step: 1 })
    const opened = [1, 2, 3].map(() => heart.open({ from: 'now' }, ['news']))
    heart.publish('1', 'x', 'news')
    for (const _ of opened) heart.turn()
    for (const [index, { subscriber }] of opened.entries()) {
      heart.channel.unsubscribe(subscriber)
      assert.equal(heart.channel.subscribers, 2 - index)
    }
  })

  it('serves a small channel before it has done with a large one', () => {
    const order: string[] = []
    const heart = new Heart()
    const note = (name: string) => {
      const sink = heart.subscribe()
      sink.write = () => order.push(name)
    }
    for (let count = 0; count < 2000; count += 1) note('large')
    heart.publish()
    heart.turn()
    assert.ok(order.length > 0 && order.length < 2000)
  })

  describe('beside large channels', () => {
    /** Ms that have been worked: 6 us for a write, and 3 GB a second. */
    let clock: number
    /** When channels have been served, in the end. */
    let served: Map<string, number>
    let flusher: Flusher
    let turns: (() => void)[]

    beforeEach(() => {
      clock = 0
      served = new Map()
      turns = []
      flusher = new Flusher((turn) => turns.push(turn))
    })

    const publish = (name: string, subscribers: number, bytes = 100) => {
      const heart = new Heart({}, flusher)
      for (let count = 0; count < subscribers; count += 1) {
        heart.subscribe().write = ({ length }) => {
          clock += 0.006 + length / 3e6
          served.set(name, clock)
        }
      }
      heart.publish(undefined, 'x'.repeat(bytes))
    }

    for (const [what, channels, bytes] of [
      ['one large channel', 1, 100],
      ['one large channel with large events', 1, 500_000],
      ['several large channels', 6, 100],
      ['several large channels with large events', 6, 60_000],
    ] as const) {
      it(`${what} keep a small one waiting for less than 5 ms of work`, () => {
        for (let count = 0; count < channels; count += 1) publish(`${count}`, 5000, bytes)
        for (let round = 0; round < 10; round += 1) {
          const came = clock // when a turn had just begun: it is read after that
          turns.shift()?.()
          publish('small', 1)
          turns.shift()?.()
          const waited = (served.get('small') ?? Number.POSITIVE_INFINITY) - came
          assert.ok(waited > 0 && waited < 5, `${waited} ms`)
        }
        while (turns.length > 0) turns.shift()?.()
        assert.equal(served.size, channels + 1)
      })
    }

    it('many small ones do not keep a large one from being served', () => {
      publish('large', 800)
      for (let round = 0; round < 30; round += 1) {
        turns.shift()?.()
        for (let count = 0; count < 300; count += 1) publish('small', 1)
      }
      const at = served.get('large') ?? Number.POSITIVE_INFINITY
      assert.ok(at < clock, 'the large one has been served')
      const visited = clock
      while (turns.length > 0) turns.shift()?.()
      assert.ok((served.get('large') ?? 0) < visited, 'all of it')
    })
  })

  it('lets publishers wait while most of the window is unserved, then go on', async () => {
    const heart = new Heart({ window: { events: 10, bytes: 1_000_000 } })
    const sink = heart.subscribe()
    for (let count = 0; count < 20; count += 1) heart.publish()
    let isReady = false
    const ready = heart.channel.ready().then(() => {
      isReady = true
    })
    await Promise.resolve()
    assert.equal(isReady, false)
    heart.settle()
    await ready
    assert.equal(sink.data.length, 20, 'what is unserved stays in the log')
  })

  it('lets publishers go on though all of a round have left, and another has come since', async () => {
    const heart = new Heart({ step: 1, window: { events: 4, bytes: 1_000_000 } })
    const subscribers = [heart.open({ from: 'now' }), heart.open({ from: 'now' })]
    heart.publish()
    heart.turn()
    for (const { subscriber } of subscribers) heart.channel.unsubscribe(subscriber)
    heart.publishAll('2', '3', '4', '5')
    const sink = heart.subscribe()
    heart.settle()
    assert.equal(heart.channel.isBacklogged, false)
    await heart.channel.ready()
    heart.publish('6')
    heart.settle()
    assert.deepEqual(sink.data, ['6'])
  })

  it('gives others their turn during a long replay, which then goes on', () => {
    const heart = new Heart({ writeSize: 1 })
    for (let count = 1; count <= 60; count += 1) heart.publish(`${count}`)
    const sink = heart.subscribe({ from: 'history' })
    const atOnce = sink.data.length
    assert.ok(atOnce > 0 && atOnce < 60)
    heart.settle()
    assert.equal(sink.data.length, 60)
  })

  it('gives others their turn while a filter passes nothing of a long history', () => {
    const heart = new Heart({ cacheLength: 50_000, window: { events: 50_000, bytes: 1e9 } })
    for (let count = 1; count <= 50_000; count += 1) heart.publish(`${count}`, '')
    const sink = heart.subscribe({ from: 'history' }, ['none'])
    heart.publish('wanted', 'x', 'none')
    heart.turn()
    assert.deepEqual(sink.data, [])
    heart.settle()
    assert.deepEqual(sink.data, ['x'])
  })

  it('ends a stream that stalls when it has been shown all', () => {
    const heart = new Heart()
    const sink = heart.subscribe()
    sink.stall()
    heart.publish('1')
    heart.settle()
    heart.publish('2')
    heart.channel.end(() => 1234)
    assert.equal(sink.isEnded, false)
    sink.drain()
    assert.equal(sink.received, 'id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nretry: 1234\n\n')
    assert.equal(heart.channel.subscribers, 0)
  })

  it('ends streams with what there still is for them and a retry', () => {
    const heart = new Heart()
    const sink: FakeSink = heart.subscribe()
    heart.publish('1')
    heart.channel.end(() => 1234)
    assert.equal(sink.received, 'id: 1\ndata: 1\n\nretry: 1234\n\n')
    assert.equal(sink.isEnded, true)
    assert.equal(heart.channel.subscribers, 0)
  })
})
