import assert from 'node:assert/strict'
import { resolveConfig } from '../../src/config/resolve.js'
import { AmqpInput } from '../../src/input/amqp-input.js'
import { AmqpClient } from '../helpers/amqp-client.js'
import { type AmqpHub, connectedHub, startAmqpHub } from '../helpers/amqp-hub.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { makeFolder } from '../helpers/folder.js'
import { TestLog } from '../helpers/log.js'
import { ownRabbitmq, type RabbitServer } from '../helpers/rabbitmq-server.js'
import { uniqueName } from '../helpers/unique.js'
import { until } from '../helpers/until.js'

describe('an input from RabbitMQ survives', () => {
  let broker: RabbitServer
  let proxy: FaultProxy
  let log: TestLog
  let queue: string
  let hub: AmqpHub | undefined

  before(async () => {
    broker = await ownRabbitmq()
  })

  beforeEach(async () => {
    proxy = await FaultProxy.start(broker.url)
    log = new TestLog()
    queue = uniqueName()
  })

  afterEach(async () => {
    await hub?.hub.stop()
    hub = undefined
    await proxy.stop()
    await withClient((client) => client.channel.deleteQueue(queue))
  })

  const amqp = () => ({ url: proxy.url, mode: 'durable', queue })
  const withClient = async <T>(use: (client: AmqpClient) => Promise<T>): Promise<T> => {
    const client = await AmqpClient.connect(broker.url)
    try {
      return await use(client)
    } finally {
      await client.close()
    }
  }
  const event = (id: number) => ({ path: 'test', id, data: `${id}` })
  const publish = (...ids: number[]) =>
    withClient(async (client) => {
      for (const id of ids) await client.publish('amq.fanout', '', event(id))
    })
  const start = async (more: object = {}, settings?: object) => {
    hub = await connectedHub({ ...amqp(), ...more }, settings, log)
    return hub
  }
  /** An input by itself, for what no configuration says. */
  const inputOf = (
    settings: object,
    options: Partial<ConstructorParameters<typeof AmqpInput>[0]>,
  ) => {
    const { config } = resolveConfig({ amqp: settings }, 'the test', { env: {} })
    return new AmqpInput({
      config: config.amqp,
      name: queue,
      channels: { admit() {}, publish: async () => undefined as never },
      logger: log.logger,
      random: () => 0,
      ...options,
    })
  }
  const has = async (hub: AmqpHub, ...ids: number[]) => {
    await until(() => hub.amqp.published >= ids.length)
    const stream = await hub.subscribe('test?getcache=1')
    await stream.count(ids.length)
    hub.closeStreams()
    assert.deepEqual(stream.ids.map(Number), ids)
  }

  it('a broker that is away at start: the hub serves, and takes events when it comes', async () => {
    await proxy.refuse()
    hub = await startAmqpHub(amqp(), {}, log)
    assert.equal((await hub.publish('test', { data: 'x' })).status, 200)
    await until(() => log.warnings.length > 0)
    assert.match(log.warnings[0] ?? '', /^no answer from a broker at .* \(ECONNREFUSED\); check/)
    assert.deepEqual(hub.amqp, {
      connected: false,
      queue: null,
      received: 0,
      published: 0,
      repeated: 0,
      rejected: 0,
    })
    await proxy.admit()
    await until(() => hub?.amqp.connected === true)
    await publish(1)
    await has(hub, 1)
    assert.equal(log.warnings.length, 1, 'it is told once, not at each try')
  })

  it('a broker that takes the connection and never answers', async () => {
    proxy.stall()
    const input = inputOf(amqp(), { connectTimeout: 250 })
    await input.start()
    await proxy.until(({ accepted }) => accepted >= 3)
    assert.match(log.warnings.join(), /connect ETIMEDOUT/)
    proxy.resume()
    await until(() => input.stats().connected)
    await input.stop()
    await proxy.until(({ connections }) => connections === 0)
  })

  it('being stopped while a broker does not answer', async () => {
    hub = await connectedHub(amqp(), {}, log)
    proxy.stall()
    await hub.hub.stop()
    proxy.resume()
    await proxy.until(({ connections }) => connections === 0)
    proxy.stall()
    hub = await startAmqpHub(amqp(), {}, log)
    await hub.hub.stop()
  })

  it('connections that the broker closes', async () => {
    const hub = await start()
    await publish(1)
    await has(hub, 1)
    await broker.closeConnections('for the test')
    await until(() => log.warnings.length > 0)
    await publish(2)
    await has(hub, 1, 2)
    assert.match(log.warnings[0] ?? '', /^lost the broker at .*for the test/)
  })

  it('a connection that is silent, by its heartbeat', async () => {
    const hub = await start({ heartbeatInterval: 1 })
    proxy.stallDownstream(({ number }) => number === 1)
    await publish(1)
    await has(hub, 1)
    assert.match(log.warnings[0] ?? '', /Heartbeat timeout/)
  })

  it('a queue that is deleted', async () => {
    const hub = await start()
    await withClient((client) => client.channel.deleteQueue(queue))
    await until(() => log.warnings.length > 0)
    await until(() => hub.amqp.connected)
    assert.match(log.warnings[0] ?? '', /^the queue .* is gone: .*; trying again$/)
    await publish(1)
    await has(hub, 1)
  })

  it('an exchange that is deleted, or made anew without the binding', async () => {
    const exchange = uniqueName()
    const input = inputOf({ ...amqp(), exchange }, { bindInterval: 20 })
    await input.start()
    await until(() => input.stats().connected)
    await withClient(async ({ channel }) => {
      await channel.deleteExchange(exchange)
      await until(() => log.warnings.length > 0)
      await until(() => input.stats().connected)
      await channel.unbindQueue(queue, exchange, '')
    })
    assert.match(log.warnings[0] ?? '', /NOT_FOUND - no exchange .*; trying again$/)
    await withClient((client) =>
      until(async () => {
        await client.publish(exchange, '', event(1))
        return input.stats().received > 0
      }),
    )
    await input.stop()
    await withClient(({ channel }) => channel.deleteExchange(exchange))
  })

  it('the loss of the right to bind, for its queue is bound still', async () => {
    await broker.ctl('add_user', queue, 'guest')
    await broker.ctl('set_permissions', queue, '.*', '.*', '.*')
    const input = inputOf(
      { ...amqp(), url: proxy.url.replace('guest', queue) },
      { bindInterval: 5 },
    )
    await input.start()
    await until(() => input.stats().connected)
    await broker.ctl('set_permissions', queue, 'none', 'none', '.*')
    const refused = `'${queue}' in vhost '/' refused for user`
    await until(async () => (await broker.log()).includes(refused))
    await publish(1)
    await until(() => input.stats().received === 1)
    assert.deepEqual(log.warnings, [])
    await input.stop()
    await broker.ctl('delete_user', queue)
  })

  it('a broker that stops and starts, and takes what was published before it was there again', async () => {
    const hub = await start()
    await publish(1)
    await has(hub, 1)
    await broker.stopApp()
    await until(() => !hub.amqp.connected)
    await proxy.refuse()
    await broker.startApp()
    await publish(2, 3)
    await proxy.admit()
    await has(hub, 1, 2, 3)
  })

  it('a broker that takes no messages for a while', async () => {
    const hub = await start()
    await broker.blockPublishers()
    const published = publish(1)
    assert.equal(hub.amqp.connected, true)
    await broker.unblock()
    await published
    await has(hub, 1)
  })

  it('refusals: says what to do, and goes on when that is done', async () => {
    const user = queue
    hub = await startAmqpHub({ ...amqp(), url: proxy.url.replace('guest', user) }, {}, log)
    await until(() => log.warnings.length === 1)
    assert.match(log.warnings[0] ?? '', /refused: ACCESS_REFUSED.*; check the user, its password/)
    await broker.ctl('add_user', user, 'guest')
    await until(() => log.warnings.length === 2)
    assert.match(log.warnings[1] ?? '', new RegExp(`refused: .*not for the user ${user}`))
    await broker.ctl('set_permissions', user, '.*', 'none', '.*')
    await until(() => log.warnings.length === 3)
    assert.match(log.warnings[2] ?? '', /refused: .*access to queue '.*' .*refused for user/)
    await broker.ctl('set_permissions', user, '.*', '.*', '.*')
    await until(() => hub?.amqp.connected === true)
    await broker.ctl('delete_user', user)
    assert.doesNotMatch(log.lines.join(), /:guest|"guest"/, 'no password is logged')
  })

  it('an exchange or queue that is not to be had', async () => {
    hub = await startAmqpHub({ ...amqp(), exchange: 'amq.none' }, {}, log)
    await until(() => log.warnings.length === 1)
    assert.match(
      log.warnings[0] ?? '',
      /refused: NOT_FOUND - no exchange 'amq\.none' .*; check the/,
    )
    await hub.hub.stop()
    const another = await AmqpClient.connect(broker.url)
    const theirs = uniqueName()
    await another.channel.assertQueue(theirs, { exclusive: true })
    hub = await startAmqpHub({ ...amqp(), queue: theirs }, {}, log)
    await until(() => log.warnings.length === 2)
    assert.match(log.warnings[1] ?? '', /RESOURCE_LOCKED .*; another connection has it for itself/)
    await another.close()
    await until(() => hub?.amqp.connected === true)
    await hub.hub.stop()
    await withClient((client) => client.channel.deleteQueue(theirs))
  })

  for (const [what, right] of [
    ['made', 'none'],
    ['bound', '^amq.gen-'],
  ] as const) {
    it(`a queue of the connection that may not be ${what}: it is told once, and none is left`, async () => {
      await broker.ctl('add_user', queue, 'guest')
      await broker.ctl('set_permissions', queue, right, '.*', right)
      const url = proxy.url.replace('guest', queue)
      let tries = 0
      const random = () => {
        tries += 1
        return 0
      }
      const input = inputOf({ url }, { random })
      await input.start()
      await until(() => tries >= 5)
      const names = await broker.ctl('list_queues', 'name')
      await input.stop()
      await broker.ctl('delete_user', queue)
      assert.match(log.warnings.join('\n'), /^.*ACCESS_REFUSED .*; check the user.*; trying again$/)
      assert.ok(names.split('amq.gen-').length <= 2, names)
    })
  }

  for (const cacheAdapter of ['memory', 'leveldb']) {
    it(`five cuts while 10,000 events go into ${cacheAdapter}: each is there once, in order`, async function () {
      this.timeout(60_000)
      const total = 10_000
      const { folder, clean } = await makeFolder()
      const hub = await start(
        {},
        { default: { cacheAdapter, cacheLength: total }, leveldb: { storageDir: folder } },
      )
      const stream = await hub.subscribe('test')
      const publishing = withClient(async (client) => {
        const confirmed: Promise<void>[] = []
        for (let id = 1; id <= total; id += 1) {
          // Every other one is known by a message id, the rest by id and content.
          const options = id % 2 === 0 ? { messageId: `${id}` } : {}
          confirmed.push(client.publish('amq.fanout', '', event(id), options))
          if (confirmed.length === 500) await Promise.all(confirmed.splice(0))
        }
        await Promise.all(confirmed)
      })
      for (let cut = 1; cut <= 5; cut += 1) {
        await until(() => hub.amqp.published > (cut * total) / 6)
        proxy.cut()
      }
      await publishing
      await stream.count(total)
      assert.deepEqual(
        stream.ids.map(Number),
        Array.from({ length: total }, (_, index) => index + 1),
      )
      assert.ok(proxy.accepted >= 6)
      assert.equal(hub.amqp.published, total)
      assert.ok(hub.amqp.repeated > 0, 'some were delivered again, and known')
      assert.equal(hub.hub.stats().channels[0]?.cached_events, total)
      hub.closeStreams()
      await hub.hub.stop()
      await clean()
    })
  }

  it('TLS: talks to a broker that it is told to trust, and to no other', async () => {
    const { ca } = broker.certificate
    hub = await startAmqpHub({ ...amqp(), url: broker.tlsUrl }, {}, log)
    await until(() => log.warnings.length === 1)
    assert.match(log.warnings[0] ?? '', /^no answer from a broker at amqps:.*CERT|SIGNATURE/)
    await hub.hub.stop()
    hub = await connectedHub({ ...amqp(), url: broker.tlsUrl, ca }, {}, log)
    await publish(1)
    await has(hub, 1)
    await assert.rejects(startAmqpHub({ ca: '/none' }), {
      code: 'INVALID_CONFIG',
      message: /^amqp\.ca: cannot read \/none: ENOENT/,
    })
  })
})
