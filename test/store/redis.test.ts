import assert from 'node:assert/strict'
import { resolveConfig } from '../../src/config/resolve.js'
import { decodeEvent } from '../../src/event/encode.js'
import type { Entry, Snapshot } from '../../src/event/entry.js'
import { checkEvent } from '../../src/event/event.js'
import { RedisStore, type RedisStoreOptions } from '../../src/store/redis.js'
import type { RedisContext } from '../../src/store/redis-context.js'
import { RedisGroup } from '../../src/store/redis-group.js'
import { channelKeys } from '../../src/store/redis-keys.js'
import { RedisReader } from '../../src/store/redis-reader.js'
import type { StoredChannel, StoredChannelOptions } from '../../src/store/store.js'
import { makeCertificate } from '../helpers/certificate.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { startCluster } from '../helpers/redis-cluster.js'
import { startSentinel } from '../helpers/redis-sentinel.js'
import { sharedRedis, startRedis } from '../helpers/redis-server.js'
import { uniquePrefix } from '../helpers/unique.js'
import { until } from '../helpers/until.js'
import { describeStore } from './contract.js'

function makeStore(redis: object, options: RedisStoreOptions = {}): RedisStore {
  const { config } = resolveConfig({ redis }, 'the test', { env: {} })
  return new RedisStore(config.redis, options)
}

describeStore({
  name: 'redis',
  isDurable: true,
  make: async (now) => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const again = () => makeStore(redis, { now })
    return { store: again(), again, clean: async () => {} }
  },
})

const OPTIONS: StoredChannelOptions = { cacheLength: 100, assignIds: false }

/** A channel as one hub has it, and all that it was told. */
class Seat {
  readonly entries: Entry[] = []
  readonly breaks: string[] = []
  snapshot: Snapshot | undefined
  channel!: StoredChannel

  static async of(store: RedisStore, name = 'test', options = OPTIONS): Promise<Seat> {
    const seat = new Seat()
    seat.channel = await store.open(name, options, {
      load: (snapshot, broken) => {
        seat.snapshot = snapshot
        if (broken) seat.breaks.push(broken)
      },
      accept: (entry) => seat.entries.push(entry),
    })
    return seat
  }

  async append(id: string | undefined, data = `data of ${id}`): Promise<void> {
    await this.channel.append(checkEvent({ id, data }))
  }

  get ids(): (string | undefined)[] {
    return this.entries.map(({ id }) => id)
  }
}

describe('the redis store', () => {
  const stores: RedisStore[] = []

  const start = async (redis: object, options?: RedisStoreOptions) => {
    const store = makeStore(redis, options)
    stores.push(store)
    await store.start()
    return store
  }

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop()
  })

  const hubs = async (count: number, settings: object = {}) => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix(), ...settings }
    return Promise.all(Array.from({ length: count }, () => start(redis)))
  }

  it('tells all hubs of all events, in one order', async () => {
    const seats = await Promise.all((await hubs(3)).map((store) => Seat.of(store)))
    const appends = seats.flatMap((seat, hub) =>
      Array.from({ length: 200 }, (_, count) => seat.append(`${hub}-${count}`)),
    )
    await Promise.all(appends)
    for (const seat of seats) await seat.channel.catchUp()
    const [one, ...others] = seats.map(({ ids }) => ids)
    assert.equal(one?.length, 600)
    for (const other of others) assert.deepEqual(other, one)
    for (const { breaks } of seats) assert.deepEqual(breaks, [])
  })

  it('tells a hub that opens the channel later of what the others appended', async () => {
    const [a, b] = (await hubs(2)) as [RedisStore, RedisStore]
    const first = await Seat.of(a)
    for (const id of ['1', '2', '1', '3']) await first.append(id)
    const later = await Seat.of(b)
    assert.deepEqual(later.snapshot, await first.channel.read(0))
    await later.append('4')
    await first.channel.catchUp()
    assert.deepEqual(first.ids, ['1', '2', '1', '3', '4'])
  })

  it('lets the first of two hubs that wait at a new channel decide on its epoch', async () => {
    const [a, b] = (await hubs(2)) as [RedisStore, RedisStore]
    const [one, other] = [await Seat.of(a), await Seat.of(b)]
    await other.append('x')
    await one.channel.catchUp()
    assert.equal(one.snapshot?.epoch, (await other.channel.read(0)).epoch)
    assert.deepEqual([one.ids, one.breaks], [['x'], []])
  })

  it('appends an event once that is delivered to two hubs', async () => {
    const [a, b] = (await hubs(2)) as [RedisStore, RedisStore]
    const [one, other] = [await Seat.of(a), await Seat.of(b)]
    const delivery = { key: 'message 7', isRepeat: true }
    const event = checkEvent({ data: 'x' })
    const results = await Promise.all([
      one.channel.append(event, delivery),
      other.channel.append(event, delivery),
    ])
    assert.equal(results.filter((entry) => entry !== undefined).length, 1)
  })

  it('goes on when the scripts of the server are flushed', async () => {
    const server = await startRedis()
    const seat = await Seat.of(await start({ url: server.url }))
    await seat.append('1')
    await server.command('SCRIPT', 'FLUSH')
    await Promise.all(['2', '3', '4'].map((id) => seat.append(id)))
    assert.deepEqual(seat.ids, ['1', '2', '3', '4'])
    await server.stop()
  })

  it('keeps recent events without an id as well, as many as the window is long', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix(), window: 5 }
    const store = await start(redis)
    const seat = await Seat.of(store, 'test', { cacheLength: 3, assignIds: false })
    for (let count = 0; count < 50; count += 1) {
      await seat.append(count % 10 === 0 ? `${count}` : undefined)
    }
    const stream = (await store.connection.call('KEYS', `${redis.prefix}:*:s:test`)) as string[]
    // Events 21, 31 and 41 are the history, 46 to 50 are recent.
    const held = (await store.connection.call('XRANGE', stream[0] as string, '-', '+')) as [
      string,
    ][]
    assert.deepEqual(
      held.map(([at]) => Number.parseInt(at, 10)),
      [21, 31, 41, 46, 47, 48, 49, 50],
    )
  })

  it('forgets a channel after its last event where it is told to', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix(), expire: 60 }
    const store = await start(redis)
    await (await Seat.of(store)).append('1')
    const keys = (await store.connection.call('KEYS', `${redis.prefix}:{*`)) as string[]
    assert.equal(keys.length, 5)
    for (const key of keys) {
      const left = Number(await store.connection.call('PTTL', key))
      assert.ok(left > 50_000 && left <= 60_000, `${key}: ${left}`)
    }
  })

  it('takes over what an original hub left, once', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const [a, b] = [await start(redis), await start(redis)]
    const frames = {
      '9': 'id: 9\nevent: news\ndata: nine\n\n',
      '10': 'id: 10\nretry: 3000\ndata: one\ndata: two\n\n',
      '11': '{"id":11,"data":"as JSON"}',
      'bad\n': 'data: x\n\n',
    }
    const key = `${redis.prefix}_test`
    for (const [id, frame] of Object.entries(frames)) {
      await a.connection.call('HSET', key, id, frame)
    }
    const [one, other] = await Promise.all([Seat.of(a), Seat.of(b)])
    assert.deepEqual(
      one.snapshot?.entries.map(({ frame }) => decodeEvent(frame)),
      [
        { id: '9', event: 'news', data: 'nine' },
        { id: '10', retry: 3000, data: 'one\ntwo' },
        { id: '11', data: 'as JSON' },
      ],
    )
    assert.deepEqual(other.snapshot, one.snapshot)
    await one.append('12')
    assert.equal(one.entries[0]?.sequence, 4)
  })

  it('takes over a long history', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const store = await start(redis)
    const fields = Array.from({ length: 5000 }, (_, id) => [`${id}`, `data: ${id}\n\n`]).flat()
    await store.connection.call('HSET', `${redis.prefix}_test`, ...fields)
    const { snapshot } = await Seat.of(store, 'test', { cacheLength: 5000, assignIds: false })
    assert.equal(snapshot?.entries.length, 5000)
    assert.equal(snapshot.entries.at(-1)?.id, '4999')
  })

  it('does not take it over once more when the channel is gone', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const [a, b] = [await start(redis), await start(redis)]
    await a.connection.call('HSET', `${redis.prefix}_test`, '1', 'data: old\n\n')
    assert.equal((await Seat.of(a)).snapshot?.head, 1)
    const keys = (await a.connection.call('KEYS', `${redis.prefix}:{*`)) as string[]
    await a.connection.call('DEL', ...keys)
    assert.equal((await Seat.of(b)).snapshot?.head, 0)
  })

  it('bears with every key that Redis has thrown out', async () => {
    for (const kind of ['m', 's', 'i', 'o', 'd', 'k', 'w']) {
      const redis = { url: await sharedRedis(), prefix: uniquePrefix(), window: 2 }
      const [a, b] = [await start(redis), await start(redis)]
      const options = { cacheLength: 3, assignIds: false }
      const seat = await Seat.of(a, 'test', options)
      for (let id = 1; id <= 8; id += 1) await seat.append(`${id}`)
      const [key] = (await a.connection.call('KEYS', `${redis.prefix}:*:${kind}:test`)) as string[]
      if (key) await a.connection.call('DEL', key)
      for (let id = 5; id <= 12; id += 1) await seat.append(`${id}`)
      const { snapshot } = await Seat.of(b, 'test', options)
      assert.equal(snapshot?.entries.at(-1)?.id, '12', kind)
    }
  })

  it('holds no more than it is to where hubs differ in how much that is', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const [a, b] = [await start({ ...redis, window: 50 }), await start({ ...redis, window: 5 })]
    const options = { cacheLength: 2, assignIds: false }
    const [one, other] = [await Seat.of(a, 'test', options), await Seat.of(b, 'test', options)]
    for (let count = 0; count < 300; count += 1) {
      await (count % 2 ? one : other).append(undefined, 'x')
    }
    const [stream] = (await a.connection.call('KEYS', `${redis.prefix}:*:s:test`)) as [string]
    assert.ok(Number(await a.connection.call('XLEN', stream)) <= 60)
  })

  it('reads a history of large events', async () => {
    const [a, b] = (await hubs(2)) as [RedisStore, RedisStore]
    const seat = await Seat.of(a)
    for (let id = 1; id <= 60; id += 1) await seat.append(`${id}`, 'x'.repeat(1_000_000))
    assert.equal((await Seat.of(b)).snapshot?.entries.length, 60)
  })

  it('numbers events in the order of their appends over a slow network, also the first ones', async () => {
    const server = await startRedis()
    const proxy = await FaultProxy.start(server.url)
    proxy.latency(10)
    const store = await start({ url: proxy.url })
    const seat = await Seat.of(store)
    const appends: Promise<void>[] = []
    for (let id = 0; id < 60; id += 1) {
      appends.push(seat.append(`${id}`))
      if (id === 30) await server.command('SCRIPT', 'FLUSH')
      else if (id % 3 === 0) await store.connection.call('PING')
    }
    await Promise.all(appends)
    assert.deepEqual(
      seat.ids,
      Array.from({ length: 60 }, (_, id) => `${id}`),
    )
    await proxy.stop()
    await server.stop()
  })

  it('begins no other epoch for a hub that has seen the last one begin, and nothing since', async () => {
    const prefix = uniquePrefix()
    const store = await start({ url: await sharedRedis(), prefix, window: 1 })
    const seat = await Seat.of(store)
    await seat.append('1')
    const { connection } = store
    const context = { connection, sharded: false, now: Date.now } as RedisContext
    const reader = new RedisReader(channelKeys(prefix, 'test'), OPTIONS, context)
    const { epoch = '' } = seat.snapshot ?? {}
    const reset = await reader.read({ epoch, head: 1, token: 'lost' })
    assert.ok(reset.kind === 'all' && reset.reason === 'reset')
    const { snapshot, token } = reset
    await seat.channel.catchUp()
    for (let count = 0; count < 3; count += 1) await seat.append(undefined)
    const next = await reader.read({ epoch: snapshot.epoch, head: snapshot.head, token })
    assert.ok(next.kind === 'all')
    assert.deepEqual([next.reason, next.snapshot.epoch], ['evicted', snapshot.epoch])
  })

  it('holds no event that is too old, however many the window holds before it', async () => {
    const prefix = uniquePrefix()
    let now = Date.now() - 100_000
    const store = await start({ url: await sharedRedis(), prefix }, { now: () => now })
    const { stream } = channelKeys(prefix, 'test')
    const seat = await Seat.of(store, 'test', { ...OPTIONS, cacheTtl: 10 })
    for (const isAppended of [false, true]) {
      await Promise.all(Array.from({ length: 1023 }, () => seat.append(undefined)))
      await seat.append('old')
      now += 20_000
      if (isAppended) await seat.append('new')
      await seat.channel.expire()
      const left = await store.connection.call('XLEN', stream)
      assert.equal(left, isAppended ? 1 : 0)
    }
  })

  it('lists a channel again after Redis was emptied', async () => {
    const server = await startRedis()
    const store = await start({ url: server.url })
    const seat = await Seat.of(store)
    await seat.append('1')
    await server.command('FLUSHALL')
    for (const id of ['2', '3']) await seat.append(id)
    await until(async () => (await store.channels()).length > 0)
    assert.deepEqual(await store.channels(), ['test'])
    await server.stop()
  })

  it('lives on with whatever is told on its channels', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const messages: string[] = []
    const store = await start(redis, { report: (message) => messages.push(message) })
    const group = new RedisGroup(store.connection, redis.prefix, async () => 'here')
    const seat = await Seat.of(store)
    const told = (await store.connection.call(
      'PUBSUB',
      'CHANNELS',
      `${redis.prefix}:*`,
    )) as string[]
    assert.ok(told.length >= 4)
    for (const channel of told) {
      for (const text of ['garbage', '', '{', '1 2 3 4', '\n\n\n', 'x'.repeat(100_000)]) {
        await store.connection.call('PUBLISH', channel, text)
      }
    }
    await seat.append('1')
    assert.deepEqual(seat.ids, ['1'])
    assert.deepEqual((await group.ask()).answers, ['here'])
    assert.ok(messages.length > 0)
  })

  it('does not connect again and again to a server that may only be read', async () => {
    const server = await startRedis()
    const messages: string[] = []
    const store = await start({ url: server.url }, { report: (message) => messages.push(message) })
    const seat = await Seat.of(store)
    await server.command('REPLICAOF', '127.0.0.1', '1')
    await Promise.all(['1', '2'].map((id) => assert.rejects(seat.append(id), /READONLY/)))
    assert.doesNotMatch(messages.join(), /away/)
    await server.stop()
  })

  it('reports that the server is away, and tells that it is back, which is no trouble', async () => {
    const server = await startRedis()
    const reports: string[] = []
    const news: string[] = []
    const store = await start(
      { url: server.url },
      { report: (message) => reports.push(message), inform: (message) => news.push(message) },
    )
    await server.kill()
    await until(() => !store.connection.isUp)
    await server.restart()
    await until(() => store.connection.isUp)
    assert.deepEqual(reports, ['redis is away; trying to reach it'])
    assert.deepEqual(news, ['redis is back'])
    await server.stop()
  })

  it('reports what the server refuses, once', async () => {
    const server = await startRedis()
    const messages: string[] = []
    const store = await start({ url: server.url }, { report: (message) => messages.push(message) })
    const seat = await Seat.of(store)
    await seat.append('0')
    await server.command('CONFIG', 'SET', 'maxmemory', 1)
    for (const id of ['1', '2', '3']) await assert.rejects(seat.append(id), /OOM/)
    assert.equal(messages.length, 1)
    assert.match(messages[0] ?? '', /^redis refuses what it is asked: OOM /)
    await server.stop()
  })

  it('reports that it may not subscribe, once, and takes events when it may', async () => {
    const server = await startRedis()
    const messages: string[] = []
    const store = await start({ url: server.url }, { report: (message) => messages.push(message) })
    const user = (...rules: string[]) => server.command('ACL', 'SETUSER', 'default', ...rules)
    await user('resetchannels') // ends who is subscribed
    await until(() => messages.some((message) => message.includes('NOPERM')))
    await until(() => !store.connection.isUp)
    await assert.rejects(Seat.of(store), /subscribing/)
    assert.equal(messages.filter((message) => message.includes('NOPERM')).length, 1)
    await user('allchannels')
    await until(() => store.connection.isUp)
    await (await Seat.of(store)).append('1')
    await server.stop()
  })

  for (const [lacking, rules] of [
    ['publish', ['-publish']],
    ['subscribe', ['resetchannels']],
  ] as const) {
    it(`reads what others append where it may not ${lacking}`, async () => {
      const server = await startRedis()
      const redis = { url: server.url }
      const reader = await Seat.of(await start(redis, { probeInterval: 50 }))
      const writer = await Seat.of(await start(redis))
      await server.command('ACL', 'SETUSER', 'default', ...rules)
      await writer.append('1')
      await writer.append('2')
      await until(() => reader.ids.length === 2)
      assert.deepEqual(reader.ids, ['1', '2'])
      assert.deepEqual(reader.breaks, [])
      await server.stop()
    })
  }

  it('lets nothing that lies in Redis put a line into a stream that is not data', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const [a, b] = [await start(redis), await start(redis)]
    const seat = await Seat.of(a)
    await seat.append('1')
    const [stream] = (await a.connection.call('KEYS', `${redis.prefix}:*:s:test`)) as [string]
    const [[, [, text]]] = (await a.connection.call('XRANGE', stream, '-', '+')) as [
      [string, [string, string]],
    ]
    const forged = text.replace(/\{.*/, JSON.stringify({ data: 'a\rid: 9', event: 'x\ndata: y' }))
    await a.connection.call('DEL', stream)
    await a.connection.call('XADD', stream, '1-0', 'e', forged)
    const { snapshot } = await Seat.of(b)
    assert.equal(
      snapshot?.entries[0]?.frame.toString(),
      'id: 1\nevent: xdata: y\ndata: a\ndata: id: 9\n\n',
    )
  })

  it('holds a storm of hubs that catch up to a handful of commands', async () => {
    const server = await startRedis()
    const seat = await Seat.of(await start({ url: server.url }))
    await seat.append('1')
    const commands = async () => {
      const info = String(await server.command('INFO', 'commandstats'))
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1])
    }
    const before = await commands()
    await Promise.all(Array.from({ length: 10_000 }, () => seat.channel.catchUp()))
    assert.ok((await commands()) - before <= 2)
    await server.stop()
  })

  it('is told by sharded publish/subscribe where it is to be', async () => {
    const [a, b] = (await hubs(2, { sharded: true })) as [RedisStore, RedisStore]
    const [one, other] = [await Seat.of(a), await Seat.of(b)]
    await one.append('1')
    await reached(other, 1)
    assert.deepEqual(other.ids, ['1'])
  })

  it('talks TLS to a server whose certificate it trusts, as a user with a password', async () => {
    const certificate = await makeCertificate()
    const server = await startRedis({ certificate, user: 'hub', password: 'p@ss/word' })
    const { port } = server
    const redis = { port, tls: true, ca: certificate.ca, user: 'hub', password: 'p@ss/word' }
    const seat = await Seat.of(await start(redis))
    await seat.append('1')
    const url = `rediss://hub:p%40ss%2Fword@localhost:${port}`
    const other = await Seat.of(await start({ url, ca: certificate.ca }))
    assert.equal(other.snapshot?.head, 1)
    await server.stop()
  })

  it('says what is wrong where the password or the certificate is', async () => {
    const certificate = await makeCertificate()
    const server = await startRedis({ certificate, password: 'right' })
    const wrong = async (redis: object, pattern: RegExp) => {
      const messages: string[] = []
      const report = (_: string, cause?: unknown) => messages.push(String(cause))
      const store = await start(redis, { report })
      await assert.rejects(store.channels(), { code: 'STORE_UNAVAILABLE', message: pattern })
      assert.match(messages.join(), pattern)
    }
    const { ca } = certificate
    await wrong({ url: `rediss://:wrong@127.0.0.1:${server.port}`, ca }, /WRONGPASS/)
    await wrong({ url: `rediss://:right@127.0.0.1:${server.port}` }, /certificate/)
    await server.stop()
  })

  it('finds the server by a sentinel, also the one that takes its place', async () => {
    const sentinel = await startSentinel()
    const seat = await Seat.of(await start({ url: sentinel.url }))
    await seat.append('1')
    await sentinel.failOver()
    await until(() =>
      seat.append('2').then(
        () => true,
        () => false, // as a publisher is told to do, it tries again
      ),
    )
    assert.deepEqual((await seat.channel.read(0)).entries.at(-1)?.id, '2')
    await sentinel.stop()
  })

  for (const sharded of [false, true]) {
    it(`spreads channels over a cluster${sharded ? ', told by sharded publish/subscribe' : ''}`, async () => {
      const cluster = await startCluster()
      const redis = { url: cluster.url, sharded }
      const [a, b] = [await start(redis), await start(redis)]
      const names = Array.from({ length: 20 }, (_, index) => `channel {${index}}`)
      const seats = await Promise.all(names.map((name) => Seat.of(a, name)))
      const others = await Promise.all(names.map((name) => Seat.of(b, name)))
      await Promise.all(seats.map((seat) => seat.append('1')))
      await Promise.all(others.map((seat) => seat.append('2')))
      for (const seat of [...seats, ...others]) {
        await reached(seat, 2)
        assert.deepEqual(seat.ids, ['1', '2'])
      }
      assert.deepEqual((await b.channels()).toSorted(), names.toSorted())
      const keys = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')))
      for (const count of keys) assert.ok(Number(count) > 10)
      await cluster.stop()
    })
  }
})

/** Resolves when publish/subscribe has told of so many events. */
async function reached(seat: Seat, count: number): Promise<void> {
  await until(() => seat.entries.length >= count)
}
