import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { lastingQueue } from '../../src/input/amqp-queue.js'
import { AmqpClient } from '../helpers/amqp-client.js'
import { type AmqpHub, connectedHub, startAmqpHub } from '../helpers/amqp-hub.js'
import { TestLog } from '../helpers/log.js'
import { ownRabbitmq, sharedRabbitmq } from '../helpers/rabbitmq-server.js'
import { uniqueName } from '../helpers/unique.js'
import { until } from '../helpers/until.js'

describe('the queue that a hub takes events from', () => {
  let url: string
  let client: AmqpClient
  let exchange: string
  let queue: string
  const hubs: AmqpHub[] = []

  before(async () => {
    url = (await sharedRabbitmq()).url
  })

  beforeEach(async () => {
    client = await AmqpClient.connect(url)
    exchange = uniqueName()
    queue = uniqueName()
  })

  afterEach(async () => {
    for (const hub of hubs.splice(0)) await stop(hub)
    await client.channel.deleteQueue(queue)
    await client.channel.deleteExchange(exchange)
    await client.close()
  })

  const start = async (amqp: object = {}, settings?: object) => {
    const hub = await connectedHub({ url, exchange, ...amqp }, settings)
    hubs.push(hub)
    return hub
  }
  const stop = async (hub: AmqpHub) => {
    hub.closeStreams()
    await hub.hub.stop()
  }
  const publish = (key: string, event: object) => client.publish(exchange, key, event)
  const historyOf = async (hub: AmqpHub, channel = 'test') => {
    const answer = await fetch(`${hub.url}/-/history/${channel}`)
    const { events = [] } = (await answer.json()) as { events?: { id: string }[] }
    return events.map(({ id }) => id)
  }

  describe('in transient mode', () => {
    it("is the connection's own, and goes with it", async () => {
      const hub = await start()
      const name = hub.amqp.queue ?? ''
      assert.match(name, /^amq\.gen-/)
      await publish('', { path: 'test', id: 1, data: 'x' })
      await until(() => hub.amqp.published === 1)
      assert.equal(await client.queue(name), undefined, 'it is exclusive')
      await stop(hub)
      await assert.rejects(client.channel.checkQueue(name), { code: 404 })
      client = await AmqpClient.connect(url)
    })

    it('is one for each hub, so that each hub has all events', async () => {
      const both = [await start(), await start()]
      await publish('', { path: 'test', id: 1, data: 'x' })
      await until(() => both.every((hub) => hub.amqp.published === 1))
    })
  })

  describe('in durable mode', () => {
    it('keeps, in order, what is published while the hub is away', async () => {
      const durable = { mode: 'durable', queue }
      await stop(await start(durable))
      for (const id of [1, 2, 3]) await publish('', { path: 'test', id, data: 'x' })
      assert.equal((await client.queue(queue))?.messages, 3)
      const hub = await start(durable)
      await until(() => hub.amqp.published === 3)
      assert.deepEqual(await historyOf(hub), ['1', '2', '3'])
    })

    it('is used as it is if it is there, and so keeps its dead-letter exchange', async () => {
      await client.channel.assertQueue(queue, { durable: true, deadLetterExchange: 'amq.direct' })
      const hub = await start({ mode: 'durable', queue })
      await publish('', { path: 'test', data: 'x' })
      await until(() => hub.amqp.published === 1)
    })

    it('serves one hub where two are called the same, so that the order holds', async () => {
      const [first, second] = [
        await start({ mode: 'durable', queue }),
        await start({ mode: 'durable', queue }),
      ]
      for (let id = 1; id <= 20; id += 1) await publish('', { path: 'test', id, data: 'x' })
      await until(() => first.amqp.published === 20)
      assert.equal(second.amqp.received, 0)
    })
  })

  describe('in shared mode', () => {
    it('brings each event to one hub, and to the next when that one stops', async () => {
      const shared = { mode: 'shared', queue }
      const first = await start(shared)
      const second = await start(shared)
      for (const id of [1, 2]) await publish('', { path: 'test', id, data: 'x' })
      await until(() => first.amqp.published === 2)
      await stop(first)
      for (const id of [3, 4]) await publish('', { path: 'test', id, data: 'x' })
      await until(() => second.amqp.published === 2)
      assert.deepEqual(await historyOf(second), ['3', '4'])
    })
  })

  it('is called after the hub, or ssehub where it is shared, unless it is given a name', async () => {
    const { url } = await ownRabbitmq() // where nobody else has queues of those names
    const own = await start({ url, mode: 'durable' })
    assert.equal(own.amqp.queue, `ssehub.${hostname()}.0`)
    const shared = await start({ url, mode: 'shared' })
    assert.equal(shared.amqp.queue, 'ssehub')
  })

  it('has no limit of deliveries, in the way that its broker says so', () => {
    const argumentsOf = (version: string) => Object.keys(lastingQueue(version, true).arguments)
    assert.equal(argumentsOf('3.10.8').includes('x-delivery-limit'), false)
    assert.equal(lastingQueue('4.3.0', true).arguments['x-delivery-limit'], -1)
  })

  it('earns a warning where each of several hubs would append to the same Redis', async () => {
    const warningsWith = async (mode: string) => {
      const log = new TestLog()
      const settings = { default: { cacheAdapter: 'redis' }, redis: { port: 1 } }
      hubs.push(await startAmqpHub({ url, exchange, mode, queue }, settings, log))
      return log.warnings
    }
    assert.match((await warningsWith('transient')).join(), /set amqp\.mode to "shared"/)
    assert.doesNotMatch((await warningsWith('shared')).join(), /amqp\.mode/)
  })

  describe('is bound to an exchange that', () => {
    it('is made durable and of the type that is wanted, if it is not there', async () => {
      await start({ exchangeType: 'topic' })
      await client.channel.assertExchange(exchange, 'topic', { durable: true })
    })

    it('is used as it is, if it is there', async () => {
      await client.channel.assertExchange(exchange, 'direct', { durable: false, autoDelete: true })
      const hub = await start({ exchangeType: 'fanout', routingkey: 'key' })
      await publish('other', { path: 'test', data: 'x' })
      await publish('key', { path: 'test', data: 'x' })
      await until(() => hub.amqp.published === 1)
    })

    it('is a topic: all keys, unless one is given; the key names the channel', async () => {
      const all = await start({ exchangeType: 'topic' })
      const some = await start({ exchangeType: 'topic', routingkey: 'news.*' })
      for (const key of ['news.sport', 'weather', 'news.a.b'])
        await publish(key, { id: 1, data: key })
      await until(() => all.amqp.published === 3 && some.amqp.published === 1)
      assert.deepEqual(
        all.hub.stats().channels.map(({ id }) => id),
        ['news.sport', 'weather', 'news.a.b'],
      )
      assert.deepEqual(
        some.hub.stats().channels.map(({ id }) => id),
        ['news.sport'],
      )
    })

    it('may be the default one, which brings what is sent to the queue by its name', async () => {
      const hub = await start({ exchange: '', mode: 'durable', queue })
      await client.publish('', queue, { path: 'test', data: 'x' })
      await until(() => hub.amqp.published === 1)
    })

    it("names the channel by path before the key, a number's digits too", async () => {
      const hub = await start({ exchangeType: 'topic' })
      await publish('key', { path: 'named', data: 'x' })
      await publish('key', { path: 5, data: 'x' })
      await until(() => hub.amqp.published === 2)
      assert.deepEqual(
        hub.hub.stats().channels.map(({ id }) => id),
        ['named', '5'],
      )
    })
  })
})
