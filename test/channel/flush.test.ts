import assert from 'node:assert/strict'
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
