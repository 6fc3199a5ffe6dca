import assert from 'node:assert/strict'
import { Channels } from '../src/channels.js'
import { resolveConfig } from '../src/config/resolve.js'
import { HubError } from '../src/errors.js'
import { MemoryStore } from '../src/store/memory.js'
import type { StoredChannel } from '../src/store/store.js'
import { FakeSink } from './helpers/heart.js'
import { until } from './helpers/until.js'

describe('the channels of a hub', () => {
  let channels: Channels

  beforeEach(async () => {
    const settings = { channels: [{ path: 'defined' }] }
    const { config } = resolveConfig(settings, 'the test', { env: {} })
    channels = new Channels(config, new Map([['memory', new MemoryStore()]]), () => 0)
    await channels.start()
  })

  const open = () => [...channels.open()].map(({ name }) => name)
  const ticks = () => {
    for (let count = 0; count < 3; count += 1) channels.tick()
  }

  it('are forgotten when nobody waits at them any more and they never had an event', async () => {
    const subscriptions = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const channel = await channels.find(name)
        return { channel, subscriber: channel.subscribe(new FakeSink(), { from: 'now' }) }
      }),
    )
    await channels.publish('b', { data: 'x' })
    ticks()
    assert.deepEqual(open(), ['defined', 'a', 'b', 'c'])
    for (const { channel, subscriber } of subscriptions) {
      channel.unsubscribe(subscriber)
    }
    ticks()
    assert.deepEqual(open(), ['defined', 'b'])
  })

  it('stay for a subscriber who waits until its store has caught up', async () => {
    const { config } = resolveConfig({}, 'the test', { env: {} })
    let release = () => {}
    const store = new MemoryStore()
    const open = store.open.bind(store)
    store.open = async (...args) => {
      const stored = await open(...args)
      const caughtUp = new Promise<void>((resolve) => {
        release = resolve
      })
      return Object.assign(stored, { catchUp: () => caughtUp })
    }
    channels = new Channels(config, new Map([['memory', store]]), () => 0)
    const finding = channels.find('a', 'an id')
    await until(() => [...channels.open()].length > 0)
    ticks()
    release()
    const channel = await finding
    assert.deepEqual([...channels.open()], [channel])
  })

  describe('that come up while it runs', () => {
    let now: number
    let store: MemoryStore

    beforeEach(() => {
      now = 0
      const server = { maxChannels: 2, channelIdleTtl: 10 }
      const settings = { server, channels: [{ path: 'defined' }] }
      const { config } = resolveConfig(settings, 'the test', { env: {} })
      store = new MemoryStore({ now: () => now })
      channels = new Channels(config, new Map([['memory', store]]), () => now)
    })

    it('are no more than maxChannels, besides those that are defined', async () => {
      await channels.start()
      await channels.publish('a', { data: 'x' })
      await channels.find('b')
      for (const act of [() => channels.find('c'), () => channels.publish('c', { data: 'x' })]) {
        await assert.rejects(act, {
          code: 'TOO_MANY_CHANNELS',
          message: /\(server\.maxChannels\); try again$/,
        })
      }
      await channels.publish('a', { data: 'x' })
      await channels.publish('defined', { data: 'x' })
      ticks()
      await channels.find('c')
      assert.deepEqual(open(), ['defined', 'a', 'c'])
    })

    it('are no more while those that are defined cannot be opened', async () => {
      const open = store.open.bind(store)
      store.open = async (name, ...others) => {
        if (name === 'defined') throw new HubError('STORE_UNAVAILABLE', 'it is away')
        return open(name, ...others)
      }
      await channels.start()
      await channels.find('a')
      await channels.find('b')
      await assert.rejects(channels.find('c'), { code: 'TOO_MANY_CHANNELS' })
    })

    it('are as many as maxChannels also where one comes as another has just been opened', async () => {
      await channels.start()
      const open = store.open.bind(store)
      let opened: Promise<StoredChannel> | undefined
      store.open = (...args) => {
        opened = open(...args)
        return opened
      }
      await Promise.all([channels.find('a'), opened?.then(() => channels.find('b'))])
      assert.deepEqual([...channels.open()].length, 3)
    })

    it('are forgotten with their history when nobody has used them for channelIdleTtl', async () => {
      await channels.start()
      await channels.publish('a', { id: '1', data: 'x' })
      const read = await channels.find('b')
      const subscriber = read.subscribe(new FakeSink(), { from: 'now' })
      await channels.publish('b', { data: 'x' })
      await channels.publish('defined', { data: 'x' })
      ticks()
      now = 9000
      await channels.publish('a', { data: 'x' })
      ticks()
      now = 18_000
      ticks()
      assert.deepEqual(open(), ['defined', 'a', 'b'])
      read.unsubscribe(subscriber)
      now = 19_000
      ticks()
      assert.deepEqual(open(), ['defined', 'b'])
      assert.deepEqual((await store.channels()).toSorted(), ['b', 'defined'])
      now = 30_000
      ticks()
      assert.deepEqual(open(), ['defined'])
      assert.equal(channels.removedIdle, 2)
      const sum = [...channels.counted()].reduce((sum, { counters }) => sum + counters.events, 0)
      assert.equal(sum, 4, 'what was counted of them stays')
      assert.equal((await channels.find('a')).log.head, 0)
    })
  })

  it('are opened once for all who come at the same time', async () => {
    const [one, other] = await Promise.all([channels.find('a'), channels.find('a')])
    assert.equal(one, other)
  })
})
