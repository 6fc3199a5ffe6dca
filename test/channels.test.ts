import assert from 'node:assert/strict'
import { Channels } from '../src/channels.js'
import { resolveConfig } from '../src/config/resolve.js'
import { MemoryStore } from '../src/store/memory.js'
import { FakeSink } from './helpers/heart.js'

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
    while ([...channels.open()].length === 0) await new Promise(setImmediate)
    ticks()
    release()
    const channel = await finding
    assert.deepEqual([...channels.open()], [channel])
  })

  it('are opened once for all who come at the same time', async () => {
    const [one, other] = await Promise.all([channels.find('a'), channels.find('a')])
    assert.equal(one, other)
  })
})
