import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { fetchHistory } from '../../src/client/history.js'
import { fetchStats } from '../../src/client/stats.js'
import type { HubOptions } from '../../src/hub.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { makeFolder } from '../helpers/folder.js'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { type RedisServer, startRedis } from '../helpers/redis-server.js'

/** Connections over which somebody listens to what is published. */
const SUBSCRIBERS = /subscribe/i

describe('a hub on Redis', () => {
  let redis: RedisServer
  let proxy: FaultProxy
  let folder: string
  let clean: () => Promise<void>
  let hubs: RunningHub[]

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
    hubs = []
    redis = await startRedis({ appendOnly: true, folder })
    proxy = await FaultProxy.start(redis.url)
  })

  afterEach(async () => {
    for (const { hub } of hubs) await hub.stop()
    await proxy.stop()
    await redis.stop()
    await clean()
  })

  const start = async (url = proxy.url, settings: object = {}, options: HubOptions = {}) => {
    const file = { redis: { url, ...settings }, default: { cacheAdapter: 'redis' } }
    const hub = await startHub(
      {
        ...file,
        channels: [
          { path: 'in-memory', cacheAdapter: 'memory' },
          { path: 'assigned', assignIds: true },
        ],
      },
      options,
    )
    hubs.push(hub)
    return hub
  }

  const publish = async (hub: RunningHub, ...ids: string[]) => {
    for (const id of ids) {
      const answer = await hub.publish('test', { id, data: `data of ${id}` })
      assert.equal(answer.status, 200, await answer.text())
    }
  }

  /** Publishes until it is taken; fails if it is answered anything but 200 or 503. */
  const insist = async (hub: RunningHub, id: string) => {
    for (;;) {
      const answer = await hub.publish('test', { id, data: `data of ${id}` })
      if (answer.status === 200) return
      assert.equal(answer.status, 503)
    }
  }

  const isRefused = async (hub: RunningHub, id: string, why: RegExp) => {
    const answer = await hub.publish('test', { id, data: id })
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('retry-after'), '1')
    const { message } = await answerOf(answer)
    assert.match(message, why)
    assert.doesNotMatch(message, /127\.0\.0\.1|:\d/, 'where its Redis is concerns nobody')
  }

  const gaps = (stream: OpenStream) =>
    stream.events
      .filter(({ event }) => event === 'ssehub.gap')
      .map(({ data }) => JSON.parse(data).reason)

  describe('that is down at the start', () => {
    it('starts, sends its subscribers away to come back, refuses its publishers, serves the rest', async () => {
      await proxy.refuse()
      const hub = await start()
      assert.equal((await hub.publish('in-memory', { data: 'x' })).status, 200)
      await isRefused(hub, '1', /redis/)
      const stream = await hub.subscribe('test')
      await stream.end()
      assert.match(stream.head, /^HTTP\/1.1 200 /)
      assert.match(stream.body, /^:ok\n\nretry: \d{4}\n\n$/)
      await proxy.admit()
      await insist(hub, '2')
    })

    it('opens the channels that it holds once it is there', async () => {
      const before = await start()
      await publish(before, '1')
      await before.hub.stop()
      await proxy.refuse()
      const hub = await start()
      await proxy.admit()
      while (!(await hub.stats()).channels.some(({ id }) => id === 'test')) {
        await new Promise(setImmediate)
      }
      const stream = await hub.subscribe('test?getcache=1')
      await stream.count(1)
      assert.deepEqual(stream.ids, ['1'])
    })

    it('starts too where it takes connections and never answers', async () => {
      proxy.stall()
      const hub = await start()
      await isRefused(hub, '1', /redis/)
      proxy.resume()
      await insist(hub, '2')
    })
  })

  it('goes on with the same streams when it was away', async () => {
    const hub = await start()
    const stream = await hub.subscribe('test')
    await publish(hub, '1')
    await proxy.refuse()
    await isRefused(hub, '2', /redis/)
    await proxy.admit()
    await insist(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.deepEqual(stream.ids, ['1', '3'])
  })

  it('waits for it where it is back soon, and publishers notice nothing', async () => {
    const hub = await start()
    await publish(hub, '1')
    for (let count = 2; count <= 20; count += 1) {
      if (count % 4 === 0) proxy.cut()
      await publish(hub, `${count}`)
    }
    const stream = await hub.subscribe('test?getcache=1')
    await stream.count(19)
    assert.equal(new Set(stream.ids).size, 20)
    assert.equal((await answerOf(await hub.publish('test', { id: 'x', data: '' }))).sequence, 21)
  })

  it('appends an event once whose answer was torn off', async () => {
    const hub = await start()
    await publish(hub, '1')
    const torn = proxy.cutAfter(10, (link) => !SUBSCRIBERS.test(link.sent))
    const answer = await answerOf(await hub.publish('test', { id: '2', data: '' }))
    await torn
    assert.equal(answer.sequence, 2)
    assert.equal((await answerOf(await hub.publish('test', { id: '3', data: '' }))).sequence, 3)
  })

  it('appends an event once whose answer was torn off, also where none is held', async () => {
    const hub = await start(proxy.url, { window: 0, prefix: 'none' })
    await hub.publish('test', { data: '1' })
    const torn = proxy.cutAfter(10, (link) => !SUBSCRIBERS.test(link.sent))
    const answer = await answerOf(await hub.publish('test', { data: '2' }))
    await torn
    assert.equal(answer.sequence, 2)
    assert.equal((await answerOf(await hub.publish('test', { data: '3' }))).sequence, 3)
  })

  it('takes a thousand events that were under way when its connection was cut', async () => {
    const hub = await start()
    await publish(hub, 'first')
    const data = 'x'.repeat(4000)
    const answers = Array.from({ length: 1000 }, (_, id) => hub.publish('test', { id, data }))
    await proxy.until(({ links }) => links.some(({ sent }) => sent.length > 20_000))
    proxy.cut()
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
    const { sequence } = await answerOf(await hub.publish('test', { id: 'last', data }))
    assert.equal(sequence, 1002)
  })

  it('starts on a Redis that is out of memory, and serves what it has', async () => {
    const before = await start(redis.url)
    await publish(before, '1')
    await redis.command('CONFIG', 'SET', 'maxmemory', 1)
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test?getcache=1')
    await stream.count(1)
  })

  it('tells the figures of the group, its own at least, while it is told nothing', async () => {
    const hub = await start()
    await publish(hub, '1')
    proxy.stallDownstream((link) => SUBSCRIBERS.test(link.sent))
    const { hubs, global } = await fetchStats(hub.url, { scope: 'cluster' })
    assert.equal(hubs.length, 1)
    assert.equal(global.broadcasted_events, 1)
  })

  it('has the history of a channel that only another hub was asked for', async () => {
    const [a, b] = [await start(redis.url), await start(redis.url)]
    await publish(a, '1')
    const { events } = await fetchHistory(b.url, 'test')
    assert.deepEqual(
      events.map(({ id }) => id),
      ['1'],
    )
    await assert.rejects(fetchHistory(b.url, 'other'), /does not exist/)
  })

  it('appends an event once that was stuck in the network and got through after all', async () => {
    const hub = await start()
    const stream = await hub.subscribe('test')
    await publish(hub, '1')
    const stuck = proxy.links.find((link) => !SUBSCRIBERS.test(link.sent))
    proxy.stall((link) => link === stuck)
    await insist(hub, '2')
    proxy.resume()
    await publish(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.deepEqual(stream.ids, ['1', '2', '3'])
  })

  it('refuses publishers in time when it goes silent, and nothing is doubled', async () => {
    const hub = await start()
    const stream = await hub.subscribe('test')
    await publish(hub, '1')
    proxy.stall()
    const begun = performance.now()
    await isRefused(hub, '2', /redis/)
    assert.ok(performance.now() - begun < 8000)
    proxy.resume()
    await insist(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.equal(new Set(stream.ids).size, stream.ids.length)
  })

  it('has all that it acked when Redis was killed and is back with its file', async () => {
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test')
    await publish(hub, '1', '2')
    await redis.kill()
    await redis.restart()
    await insist(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.deepEqual(stream.ids, ['1', '2', '3'])
    const later = await start(redis.url)
    const replay = await later.subscribe('test?getcache=1')
    await replay.count(3)
    assert.deepEqual(replay.ids, ['1', '2', '3'])
  })

  it('tells subscribers of it when Redis was emptied', async () => {
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test')
    await publish(hub, '1', '2')
    await redis.command('FLUSHALL')
    await insist(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.deepEqual(stream.ids, ['1', '2', undefined, '3'])
    assert.deepEqual(gaps(stream), ['reset'])
  })

  it('tells subscribers of it when Redis has thrown out what it knew of the channel', async () => {
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test')
    await publish(hub, '1', '2')
    const [meta] = (await redis.command('KEYS', '*:m:test')) as [string]
    await redis.command('DEL', meta)
    await publish(hub, '3')
    await stream.until((body) => body.includes('id: 3\n'))
    assert.deepEqual(gaps(stream), ['reset'])
    assert.deepEqual(stream.ids.slice(-2), [undefined, '3'])
  })

  it('takes its time over a slow network, and loses nothing', async () => {
    const hub = await start()
    proxy.latency(150)
    const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
    const stream = await hub.subscribe('test')
    await Promise.all(ids.map((id) => publish(hub, id)))
    await stream.count(20)
    assert.deepEqual(new Set(stream.ids), new Set(ids))
  })

  it('tells the subscribers of all hubs of it when Redis came back with less than it had', async () => {
    const [a, b] = [await start(redis.url), await start(redis.url)]
    const streams = [await a.subscribe('test'), await b.subscribe('test')]
    await publish(a, '1', '2')
    const { folder: copy, clean: cleanCopy } = await makeFolder()
    await cp(folder, copy, { recursive: true })
    await publish(a, '3', '4')
    for (const stream of streams) await stream.count(4)
    await redis.kill()
    const old = await startRedis({ appendOnly: true, folder: copy, port: redis.port })
    await insist(b, '5')
    for (const stream of streams) {
      await stream.until((body) => body.includes('id: 5\n'))
      assert.deepEqual(gaps(stream).slice(0, 1), ['reset'])
      assert.deepEqual(stream.ids.slice(-3), ['1', '2', '5'])
    }
    const { sequence } = await answerOf(await a.publish('test', { id: '6', data: '' }))
    assert.ok(sequence > 4, 'numbers do not go back behind what subscribers have')
    await old.stop()
    await cleanCopy()
  })

  describe('that came back with less than it had', () => {
    let old: RedisServer | undefined
    let cleanCopy = async () => {}

    afterEach(async () => {
      await old?.stop()
      await cleanCopy()
    })

    /** Brings it back with what it had before something was done. */
    const forget = async (act: () => Promise<void>) => {
      const { folder: copy, clean } = await makeFolder()
      cleanCopy = clean
      await cp(folder, copy, { recursive: true })
      await act()
      await redis.kill()
      old = await startRedis({ appendOnly: true, folder: copy, port: redis.port })
    }

    it('tells those of it, too, who were away and come back later, each hub', async () => {
      const hub = await start(redis.url)
      const stream = await hub.subscribe('test')
      await publish(hub, '1', '2')
      await forget(() => publish(hub, '3', '4'))
      await insist(hub, '5')
      await stream.until((body) => body.includes('id: 5\n'))
      for (const one of [hub, await start(redis.url)]) {
        const back = await one.subscribe('test', { 'Last-Event-ID': '1' })
        await back.until((body) => body.includes('id: 5\n'))
        assert.deepEqual(back.ids, [undefined, '2', '5'])
        assert.deepEqual(gaps(back), ['evicted'])
      }
      await publish(hub, '6')
      const later = await hub.subscribe('test', { 'Last-Event-ID': '5' })
      await later.until((body) => body.includes('id: 6\n'))
      assert.deepEqual(later.ids, ['6'])
    })

    it('gives no event the id that another one had', async () => {
      const hub = await start(redis.url)
      const stream = await hub.subscribe('assigned')
      const give = async () => answerOf(await hub.publish('assigned', { data: '' }))
      await give()
      await forget(async () => void (await give()))
      for (let answer = await give(); !answer.sequence; answer = await give());
      await stream.until((body) => body.includes('ssehub.gap'))
      await give()
      const back = await hub.subscribe('assigned?getcache=1')
      await back.count(3)
      const ids = [...stream.ids.slice(0, 2), ...back.ids.slice(1)]
      assert.equal(new Set(ids).size, 4, `${ids}`)
    })
  })

  it('refuses publishers while it may only be read, and takes them again', async () => {
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test')
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    await isRefused(hub, '1', /READONLY/)
    await redis.command('REPLICAOF', 'NO', 'ONE')
    await insist(hub, '2')
    await stream.count(1)
    assert.deepEqual(stream.ids, ['2'])
  })

  it('refuses publishers while it is out of memory, and says so', async () => {
    const hub = await start(redis.url)
    const stream = await hub.subscribe('test')
    await publish(hub, '1')
    await redis.command('CONFIG', 'SET', 'maxmemory', 1)
    await isRefused(hub, '2', /OOM|memory/)
    await redis.command('CONFIG', 'SET', 'maxmemory', 0)
    await publish(hub, '3')
    await stream.count(2)
    assert.deepEqual(stream.ids, ['1', '3'])
  })

  it('notices that it is told nothing any more while commands work', async () => {
    const other = await start(redis.url)
    const hub = await start(proxy.url, {}, { probeInterval: 200 })
    const stream = await hub.subscribe('test')
    await publish(other, '1')
    await stream.count(1)
    const deaf = proxy.links.filter((link) => SUBSCRIBERS.test(link.sent))
    proxy.stallDownstream((link) => deaf.includes(link))
    await publish(other, '2', '3')
    await stream.count(3)
    assert.deepEqual(stream.ids, ['1', '2', '3'])
  })

  it('gets from Redis what it was not told while its connection was cut', async () => {
    const other = await start(redis.url)
    const hub = await start()
    const stream = await hub.subscribe('test')
    for (let round = 0; round < 5; round += 1) {
      proxy.cut()
      await publish(other, ...Array.from({ length: 50 }, (_, index) => `${round}-${index}`))
    }
    await stream.count(250)
    assert.equal(new Set(stream.ids).size, 250)
    assert.deepEqual(gaps(stream), [])
  })

  it('tells its subscribers where it was cut off for longer than Redis holds events', async () => {
    const settings = { window: 5, prefix: 'small' }
    const other = await start(redis.url, settings)
    const hub = await start(proxy.url, settings)
    const stream = await hub.subscribe('test')
    await publish(other, 'first')
    await stream.count(1)
    await proxy.refuse()
    for (let count = 0; count < 20; count += 1) await other.publish('test', { data: `${count}` })
    await publish(other, 'last')
    await proxy.admit()
    await stream.until((body) => body.includes('id: last\n'))
    assert.deepEqual(gaps(stream), ['evicted'])
    assert.deepEqual(stream.ids, ['first', undefined, 'last'])
  })

  it('knows an id that another hub has just sent, though it was not told of it yet', async () => {
    const other = await start(redis.url)
    const hub = await start()
    await publish(other, '1')
    const first = await hub.subscribe('test?getcache=1')
    await first.count(1)
    proxy.stallDownstream((link) => SUBSCRIBERS.test(link.sent))
    await publish(other, '2', '3')
    const stream = await hub.subscribe('test', { 'Last-Event-ID': '2' })
    await stream.count(1)
    assert.deepEqual(stream.ids, ['3'])
  })
})
