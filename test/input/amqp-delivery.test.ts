import assert from 'node:assert/strict'
import { AmqpClient } from '../helpers/amqp-client.js'
import { type AmqpHub, connectedHub } from '../helpers/amqp-hub.js'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { makeFolder } from '../helpers/folder.js'
import { interceptWrites, noSpace } from '../helpers/leveldb-writes.js'
import { TestLog } from '../helpers/log.js'
import { sharedRabbitmq } from '../helpers/rabbitmq-server.js'
import { uniqueName } from '../helpers/unique.js'
import { until } from '../helpers/until.js'

describe('a message', () => {
  let url: string
  let client: AmqpClient
  let hub: AmqpHub
  let log: TestLog
  let queue: string
  let dead: string

  beforeEach(async () => {
    url = (await sharedRabbitmq()).url
    client = await AmqpClient.connect(url)
    log = new TestLog()
    queue = uniqueName()
    dead = uniqueName()
    await client.channel.assertQueue(dead, { exclusive: true })
    const deadLetters = { deadLetterExchange: '', deadLetterRoutingKey: dead }
    await client.channel.assertQueue(queue, { durable: true, ...deadLetters })
  })

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
    await client.channel.deleteQueue(queue)
    await client.close()
  })

  const start = async (settings: object = {}, amqp: object = {}) => {
    hub = await connectedHub({ url, exchange: '', mode: 'durable', queue, ...amqp }, settings, log)
  }
  const publish = (body: unknown, options: object = {}) => client.publish('', queue, body, options)

  describe('that is no event', () => {
    const bodies: [string, unknown, RegExp][] = [
      ['not JSON', Buffer.from('x'.repeat(100)), /^invalid event: it is not JSON/],
      ['without data', { path: 'test' }, /^invalid event: "data" is missing/],
      ['for a bad channel', { path: '-/x', data: 'x' }, /^invalid channel name/],
      ['for a channel that is no text', { path: {}, data: 'x' }, /"path" must be text/],
      ['for an unknown channel', { path: 'unknown', data: 'x' }, /Channel does not exist/],
    ]

    it('goes to the dead-letter exchange, counted and with the reason in the log', async () => {
      await start({ server: { allowUndefinedChannels: false }, channels: [{ path: 'test' }] })
      for (const [, body] of bodies) await publish(body)
      await publish({ path: 'test', data: 'x' })
      await until(() => hub.amqp.published === 1)
      assert.equal(hub.amqp.rejected, bodies.length)
      await until(async () => (await client.queue(dead))?.messages === bodies.length)
      const rejections = log.lines
        .map((line) => JSON.parse(line))
        .filter(({ msg }) => msg === 'a message was rejected')
      for (const [index, [, , reason]] of bodies.entries()) {
        assert.match(rejections[index]?.reason, reason)
      }
      assert.doesNotMatch(log.lines.join(), /x{100}/, 'what a message holds is not for the log')
      const letter = await client.channel.get(dead, { noAck: true })
      assert.ok(letter)
      assert.equal(letter.properties.headers?.['x-death']?.[0]?.reason, 'rejected')
    })

    it('fills no log, however many there are', async () => {
      await start()
      const begun = performance.now()
      await Promise.all(Array.from({ length: 500 }, () => publish(Buffer.from('x'))))
      await until(() => hub.amqp.rejected === 500)
      await until(() => log.warnings.some((text) => text.includes('rejected, and ')))
      const seconds = (performance.now() - begun) / 1000
      assert.ok(log.warnings.length < 20 + 12 * seconds, `${log.warnings.length} lines`)
    })
  })

  describe('that is delivered again', () => {
    it('is appended once if it has a message id, whoever sends it again', async () => {
      await start()
      await publish({ path: 'test', data: 'x' }, { messageId: 'a' })
      await publish({ path: 'test', data: 'x' }, { messageId: 'a' })
      await publish({ path: 'test', data: 'x' }, { messageId: 'a'.repeat(255) })
      await publish({ path: 'test', data: 'x' }, { messageId: 'a'.repeat(255) })
      await publish({ path: 'other', data: 'x' }, { messageId: 'a' })
      await until(() => hub.amqp.received === 5)
      await until(() => hub.amqp.published === 3 && hub.amqp.repeated === 2)
    })

    it('is appended once if it has the same id and content', async () => {
      const proxy = await FaultProxy.start(url)
      const { folder, clean } = await makeFolder()
      const settings = { default: { cacheAdapter: 'leveldb' }, leveldb: { storageDir: folder } }
      await start(settings, { url: proxy.url })
      // While it is appended the connection goes, and with it the ack.
      const restore = interceptWrites(async (write) => {
        restore()
        proxy.cut()
        await until(() => !hub.amqp.connected)
        await write()
      })
      const event = { path: 'test', id: 1, data: 'x' }
      await publish(event)
      await until(() => hub.amqp.repeated === 1)
      await publish(event) // its publisher wants it again
      await until(() => hub.amqp.published === 2)
      assert.equal(hub.amqp.received, 3)
      await hub.hub.stop()
      await proxy.stop()
      await clean()
    })
  })

  describe('while the store fails', () => {
    let clean: () => Promise<void>
    let restore: () => void

    beforeEach(async () => {
      const made = await makeFolder()
      clean = made.clean
      await start({
        default: { cacheAdapter: 'leveldb' },
        leveldb: { storageDir: made.folder },
        channels: [{ path: 'memory', cacheAdapter: 'memory' }],
      })
    })

    afterEach(async () => {
      restore()
      await hub.hub.stop()
      await clean()
    })

    const fail = () => {
      restore = interceptWrites(noSpace)
    }

    it('waits, in order, and holds up no other channel; nothing is lost', async () => {
      fail()
      for (let id = 1; id <= 20; id += 1) await publish({ path: 'test', id, data: 'x' })
      await publish({ path: 'memory', id: 1, data: 'x' })
      await until(() => hub.amqp.published === 1)
      assert.equal(hub.amqp.received, 21)
      assert.equal(hub.amqp.rejected, 0)
      assert.match(log.lines.join(), /No space left on device.*an event is tried again/)
      restore()
      const stream = await hub.subscribe('test?getcache=1')
      const events = await stream.count(20)
      assert.deepEqual(
        events.map(({ id }) => Number(id)),
        Array.from({ length: 20 }, (_, index) => index + 1),
      )
      await until(() => hub.amqp.published === 21)
    })

    it('goes back to the broker if the hub stops', async () => {
      fail()
      for (const id of [1, 2]) await publish({ path: 'test', id, data: 'x' })
      await until(() => hub.amqp.received === 2)
      await hub.hub.stop()
      await until(async () => (await client.queue(queue))?.messages === 2)
    })
  })

  it('is either in the history or with the broker when the hub has stopped', async () => {
    const total = 500
    const { folder, clean } = await makeFolder()
    const settings = { default: { cacheAdapter: 'leveldb' }, leveldb: { storageDir: folder } }
    for (let id = 1; id <= total; id += 1) await publish({ path: 'test', id, data: 'x' })
    await start(settings, { prefetch: 50 })
    await until(() => hub.amqp.published > 100)
    await hub.hub.stop()
    const { published } = hub.amqp
    assert.equal((await client.queue(queue))?.messages, total - published)
    await start(settings)
    await until(() => hub.amqp.published === total - published)
    assert.equal(hub.amqp.repeated, 0)
    assert.equal(hub.hub.stats().channels[0]?.cached_events, total)
    await hub.hub.stop()
    await clean()
  })
})
