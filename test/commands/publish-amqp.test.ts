import assert from 'node:assert/strict'
import type { ConsumeMessage } from 'amqplib'
import { AmqpPublisher } from '../../src/client/amqp-publisher.js'
import { AmqpClient } from '../helpers/amqp-client.js'
import { cli } from '../helpers/cli.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { freePort } from '../helpers/port.js'
import { ownRabbitmq, type RabbitServer } from '../helpers/rabbitmq-server.js'
import { uniqueName } from '../helpers/unique.js'
import { until } from '../helpers/until.js'

describe('ssehub publish --amqp', function () {
  this.timeout(60_000)
  let broker: RabbitServer
  let client: AmqpClient
  let exchange: string
  let messages: ConsumeMessage[]

  before(async () => {
    broker = await ownRabbitmq()
  })
  beforeEach(async () => {
    client = await AmqpClient.connect(broker.url)
    exchange = uniqueName()
    messages = []
    await client.channel.assertExchange(exchange, 'topic')
    const { queue } = await client.channel.assertQueue('', { exclusive: true })
    await client.channel.bindQueue(queue, exchange, 'news.#')
    await client.channel.consume(queue, (message) => message && messages.push(message), {
      noAck: true,
    })
  })
  afterEach(async () => {
    await client.channel.deleteExchange(exchange)
    await client.close()
  })

  const publish = (args: readonly string[], input?: string) => {
    const to = ['--amqp', broker.url, '--exchange', exchange]
    return cli(['publish', ...args, ...to], input === undefined ? {} : { input })
  }
  const received = async (count: number) => {
    await until(() => messages.length >= count)
    return messages.map(({ content }) => JSON.parse(content.toString()))
  }

  it('ends with 0 once the broker has the event, which names its channel', async () => {
    const { code, stdout, stderr } = await publish(['news.sport', 'hello', '--id', '7', '--json'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(JSON.parse(stdout), {
      channel: 'news.sport',
      id: '7',
      exchange,
      routingKey: 'news.sport',
    })
    assert.deepEqual(await received(1), [{ path: 'news.sport', data: 'hello', id: '7' }])
    const [message] = messages
    assert.equal(message?.properties.deliveryMode, 2)
    assert.equal(message?.properties.contentType, 'application/json')
    assert.match(message?.properties.messageId, /^[\da-f-]{36}$/)
  })

  it('keeps the digits of a number, and takes another routing key', async () => {
    const event = '{"id":12345678901234567890,"data":{"a":1.0}}'
    assert.equal((await publish(['any/name', event, '--routing-key', 'news.x'])).code, 0)
    await received(1)
    const text = messages[0]?.content.toString() ?? ''
    assert.match(text, /12345678901234567890/)
    assert.match(text, /1\.0/)
    assert.match(text, /any\/name/)
  })

  it('publishes each line of standard input, in order', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`)
    const { code, stdout } = await publish(['news.x', '-'], lines.join('\n'))
    assert.deepEqual([code, stdout], [0, 'published 500 events to news.x\n'])
    assert.deepEqual(
      (await received(500)).map(({ data }) => data),
      lines,
    )
  })

  it('ends with 3 where no queue takes the event, and says so', async () => {
    const { code, stdout, stderr } = await publish(['other', 'x'])
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /no queue/)
  })

  it('says which line was refused, and how many went before', async () => {
    const { code, stderr } = await publish(
      ['news.x', '-'],
      'one\ntwo\n{"data":"x","id":""}\nfour\n',
    )
    assert.equal(code, 2)
    assert.match(stderr, /line 3: .*2 published before it/s)
    assert.equal((await received(2)).length, 2)
  })

  it('ends with 3 where the broker refuses the exchange or the login', async () => {
    const none = await cli(['publish', 'a', 'x', '--amqp', broker.url, '--exchange', 'none'])
    assert.equal(none.code, 3)
    assert.match(none.stderr, /no exchange 'none'/)
    const url = `amqp://guest:wrong@127.0.0.1:${broker.port}`
    const login = await cli(['publish', 'a', 'x', '--amqp', url])
    assert.equal(login.code, 3)
    assert.match(login.stderr, /check the user/)
    assert.ok(!login.stderr.includes('wrong@'))
  })

  it('ends with 4 where there is no broker, or none that answers', async () => {
    const away = await cli(['publish', 'a', 'x', '--amqp', `amqp://127.0.0.1:${await freePort()}`])
    assert.equal(away.code, 4)
    assert.match(away.stderr, /ECONNREFUSED/)
    const proxy = await FaultProxy.start(broker.url)
    proxy.stall()
    const silent = await cli(['publish', 'a', 'x', '--amqp', proxy.url])
    assert.equal(silent.code, 4)
    await proxy.stop()
  })

  it('does not say that an event which it never sent may have been published', async () => {
    const proxy = await FaultProxy.start(broker.url)
    const publisher = await AmqpPublisher.connect(proxy.url, { exchange })
    await publisher.publish('news.x', { data: 'sent' })
    proxy.cut()
    await publisher.close()
    await assert.rejects(publisher.publish('news.x', { data: 'unsent' }), {
      code: 'BROKER_UNREACHABLE',
      message: /; the event was not published$/,
    })
    await proxy.stop()
  })

  it('takes no event while it closes, and says in its own words that it was not published', async () => {
    const publisher = await AmqpPublisher.connect(broker.url, { exchange })
    const closed = publisher.close()
    await assert.rejects(publisher.publish('news.x', { data: 'unsent' }), {
      code: 'BROKER_UNREACHABLE',
      message: /; the event was not published$/,
    })
    await closed
  })

  it('ends with 3 while the broker takes no messages, and says why', async () => {
    await broker.blockPublishers()
    try {
      const { code, stderr } = await publish(['news.x', 'x'])
      assert.equal(code, 3)
      assert.match(stderr, /takes no messages|blocked/i)
    } finally {
      await broker.unblock()
    }
  })

  it('is used wrongly with a bad URL, or with an exchange and no broker', async () => {
    assert.equal((await cli(['publish', 'a', 'x', '--amqp', 'http://h'])).code, 2)
    assert.equal((await cli(['publish', 'a', 'x', '--exchange', 'e'])).code, 2)
  })
})
