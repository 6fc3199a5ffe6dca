import assert from 'node:assert/strict'
import type { Entry } from '../../src/event/entry.js'
import { FakeSink, Heart } from '../helpers/heart.js'

describe('resuming a channel', () => {
  it('shows the events after the id, and not that one', () => {
    const heart = new Heart()
    heart.publishAll('1', '2', '3')
    assert.deepEqual(heart.resume('1').data, ['2', '3'])
  })

  it('shows nothing but what comes after the newest id', () => {
    const heart = new Heart()
    heart.publishAll('1', '2')
    const sink = heart.resume('2')
    heart.publish('3')
    heart.settle()
    assert.deepEqual(sink.data, ['3'])
  })

  it('passes over events without an id, but not those that come once it has joined', () => {
    const heart = new Heart()
    heart.publishAll('a', undefined, 'b')
    const sink = heart.resume('a')
    heart.publishAll(undefined, 'c')
    heart.settle()
    assert.deepEqual(sink.data, ['3', '4', '5'])
  })

  it('tells of an id that it does not know, and shows all that it has', () => {
    const heart = new Heart()
    heart.publishAll('1', '2')
    const [gap, ...rest] = heart.resume('nonsense').events
    assert.equal(gap?.event, 'ssehub.gap')
    assert.equal(gap?.id, undefined)
    assert.deepEqual(JSON.parse(gap?.data ?? ''), {
      channel: 'test',
      requested: 'nonsense',
      oldest: '1',
      newest: '2',
      reason: 'unknown-id',
    })
    assert.deepEqual(
      rest.map(({ id }) => id),
      ['1', '2'],
    )
  })

  it('tells of an unknown id also where the channel is empty', () => {
    const [gap] = new Heart().resume('7').events
    const { oldest, newest, reason } = JSON.parse(gap?.data ?? '')
    assert.deepEqual(
      { oldest, newest, reason },
      { oldest: null, newest: null, reason: 'unknown-id' },
    )
  })

  it('tells of events that were pushed out of the history, though the log still has them', () => {
    const heart = new Heart({ cacheLength: 2 })
    heart.publishAll('1', '2', '3', '4')
    assert.deepEqual(heart.resume('1').data, ['gap: evicted', '3', '4'])
  })

  it('tells of no gap after an id that was pushed out when all after it is there', () => {
    const heart = new Heart({ cacheLength: 2 })
    heart.publishAll('1', '2', '3')
    assert.deepEqual(heart.resume('1').data, ['2', '3'])
  })

  it('goes on after the first time that an id was sent, so that no update is missed', () => {
    const heart = new Heart()
    heart.publishAll('a', 'b', 'a', 'c')
    assert.deepEqual(heart.resume('a').data, ['2', '3', '4'])
    assert.deepEqual(heart.resume('b').data, ['3', '4'])
  })

  it('knows an id that comes again after it had left the history, and what lies between', () => {
    const heart = new Heart({ cacheLength: 2, window: { events: 1, bytes: 1 } })
    heart.publishAll('a', 'b', 'c', 'd', 'a')
    assert.deepEqual(heart.resume('a').data, ['gap: evicted', '4', '5'])
  })

  it('knows when an id was first sent, though its store has forgotten it', () => {
    const heart = new Heart()
    heart.publishAll('x', 'a', 'b')
    const { entries, channel } = heart
    const first = entries.at(-1)?.sequence as number
    const again = {
      ...(entries[0] as Entry),
      sequence: first + 1,
      place: first + 1,
      first: first + 1,
    }
    channel.accept(again)
    assert.deepEqual(heart.resume('x').data, ['2', '3', '1'])
  })

  it('keeps nothing with a history of length 0, and says so', () => {
    const heart = new Heart({ cacheLength: 0 })
    heart.publishAll('1', '2')
    assert.deepEqual(heart.resume('1').data, ['gap: evicted'])
    assert.deepEqual(heart.resume('2').data, [])
  })

  it('reads a replay once for all who resume from the same place', () => {
    const heart = new Heart()
    heart.publishAll('1', '2', '3')
    const writes: Buffer[] = []
    for (let count = 0; count < 2; count += 1) {
      const sink = new FakeSink()
      sink.write = (bytes) => writes.push(bytes)
      heart.channel.subscribe(sink, { from: 'id', id: '1' })
    }
    assert.equal(writes.length, 2)
    assert.equal(writes[0], writes[1])
  })

  it('shows the same bytes to all that stand at the same place', () => {
    const heart = new Heart()
    heart.publishAll('1', '2', '3')
    const writes: Buffer[] = []
    for (const sink of [heart.subscribe(), heart.subscribe()]) {
      const write = sink.write.bind(sink)
      sink.write = (bytes) => {
        writes.push(bytes)
        write(bytes)
      }
    }
    heart.publishAll('4', '5')
    heart.settle()
    assert.equal(writes.length, 2)
    assert.equal(writes[0], writes[1])
  })
})

describe('getcache', () => {
  it('shows the whole history, an event that came again in the place of the first', () => {
    const heart = new Heart()
    heart.publishAll('a', 'b', undefined, 'a', 'c')
    const sink = heart.subscribe({ from: 'history' })
    heart.publish('d')
    heart.settle()
    assert.deepEqual(sink.data, ['4', '2', '5', '6'])
  })

  it('shows no gap for what was pushed out before', () => {
    const heart = new Heart({ cacheLength: 2 })
    heart.publishAll('1', '2', '3')
    assert.deepEqual(heart.subscribe({ from: 'history' }).data, ['2', '3'])
  })

  it('keeps the events that came last, whatever their place', () => {
    const heart = new Heart({ cacheLength: 2 })
    heart.publishAll('a', 'b', 'a', 'c')
    assert.deepEqual(heart.subscribe({ from: 'history' }).data, ['3', '4'])
  })
})

describe('filters', () => {
  it('pass the types asked for, an event without a type as a message, and gap events', () => {
    const heart = new Heart()
    heart.publish('1', 'one', 'news')
    heart.publish('2', 'two')
    heart.publish('3', 'three', 'sport')
    const news = heart.subscribe({ from: 'id', id: '?' }, ['news'])
    const messages = heart.subscribe({ from: 'history' }, ['message', 'sport'])
    assert.deepEqual(news.data, ['gap: unknown-id', 'one'])
    assert.deepEqual(messages.data, ['two', 'three'])
  })

  it('write nothing where nothing passes', () => {
    const heart = new Heart()
    const sink = heart.subscribe({ from: 'now' }, ['news'])
    heart.publish('1')
    heart.settle()
    assert.equal(sink.received, '')
  })
})
