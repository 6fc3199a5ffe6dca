import assert from 'node:assert/strict'
import { AmqpPublisher } from '../../src/client/amqp-publisher.js'
import { AmqpClient } from '../helpers/amqp-client.js'
import { type AmqpHub, connectedHub } from '../helpers/amqp-hub.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { ownRabbitmq } from '../helpers/rabbitmq-server.js'
import { sharedRedis } from '../helpers/redis-server.js'
import { uniqueName, uniquePrefix } from '../helpers/unique.js'
import { until } from '../helpers/until.js'

const EVENTS = 10_000
const CUTS = 5

describe('hubs that share a Redis and a queue', function () {
  this.timeout(120_000)
  let exchange: string
  let proxy: FaultProxy
  let redisProxy: FaultProxy
  let client: AmqpClient
  let hubs: AmqpHub[]

  beforeEach(async () => {
    const broker = await ownRabbitmq()
    exchange = uniqueName()
    proxy = await FaultProxy.start(broker.url)
    redisProxy = await FaultProxy.start(await sharedRedis())
    client = await AmqpClient.connect(broker.url)
    const amqp = { url: proxy.url, exchange, mode: 'shared', queue: exchange }
    const settings = {
      redis: { url: redisProxy.url, prefix: uniquePrefix() },
      default: { cacheAdapter: 'redis', cacheLength: 2 * EVENTS },
    }
    hubs = [await connectedHub(amqp, settings), await connectedHub(amqp, settings)]
  })

  afterEach(async () => {
    for (const { hub } of hubs) await hub.stop()
    await client.channel.deleteQueue(exchange)
    await client.channel.deleteExchange(exchange)
    await client.close()
    await proxy.stop()
    await redisProxy.stop()
  })

  it('append messages in their order also when the hub that takes them stops', async () => {
    const [first, second] = hubs as [AmqpHub, AmqpHub]
    const stream = await second.subscribe('test')
    redisProxy.latency(10)
    const publisher = await AmqpPublisher.connect((await ownRabbitmq()).url, { exchange })
    const wanted = Array.from({ length: 500 }, (_, id) => `${id}`)
    const published = wanted.map((id) => publisher.publish('test', { id, data: 'x' }))
    await until(() => first.amqp.received > 0)
    await first.hub.stop()
    await Promise.all(published)
    await stream.count(wanted.length)
    assert.deepEqual(stream.ids, wanted)
    await publisher.close()
  })

  it('append each of 10,000 messages once, in order, while connections to the broker are cut', async () => {
    const [first, second] = hubs as [AmqpHub, AmqpHub]
    const streams = [await first.subscribe('test'), await second.subscribe('test')]
    const [stream] = streams
    const publisher = await AmqpPublisher.connect((await ownRabbitmq()).url, { exchange })
    const publishing = (async () => {
      for (let from = 0; from < EVENTS; from += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            publisher.publish('test', { id: from + index, data: 'x' }),
          ),
        )
      }
    })()
    const cutting = (async () => {
      for (let cut = 1; cut <= CUTS; cut += 1) {
        await stream?.count((cut * EVENTS) / (CUTS + 1))
        proxy.cut()
      }
    })()
    await Promise.all([publishing, cutting])
    const wanted = Array.from({ length: EVENTS }, (_, id) => `${id}`)
    for (const stream of streams) {
      await stream.count(EVENTS)
      assert.deepEqual(stream.ids, wanted)
    }
    await first.publish('test', { id: 'end', data: '' })
    const replay = await second.subscribe('test?getcache=1')
    await replay.until((body) => body.includes('id: end\n'))
    assert.deepEqual(replay.ids, [...wanted, 'end'])
    await publisher.close()
  })
})
