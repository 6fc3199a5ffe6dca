import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FaultProxy } from '../helpers/fault-proxy.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import { OpenStream } from '../helpers/open-stream.js'
import { allOpenDescriptors } from '../helpers/process-resources.js'
import { until } from '../helpers/until.js'

/** How many attack at once, from this process: each has a descriptor here, and one of the hub. */
const MANY = 50

/** Ms between two bytes of those who are slow. */
const PACE = 100

forWorkers('clients that are slow on purpose', function (startHub) {
  this.timeout(60_000)
  let hub: StartedHub
  let sockets: Socket[]

  before(async () => {
    hub = await startHub({
      server: { headersTimeout: 1, requestTimeout: 2, stallTimeout: 2, pingInterval: 1 },
      default: { cacheAdapter: 'memory', cacheLength: 10 },
    })
  })
  beforeEach(() => {
    sockets = []
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    hub.closeStreams()
  })
  after(() => hub.hub.stop())

  /** Sends the beginning at once, and then a byte at a time; resolves with what came back. */
  const trickle = async (beginning: string, byte: string): Promise<string> => {
    const socket = hub.connect()
    sockets.push(socket)
    socket.on('error', () => {}) // it is closed while it writes
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
    })
    socket.write(beginning)
    const closed = once(socket, 'close')
    const pace = setInterval(() => socket.write(byte), PACE)
    await closed
    clearInterval(pace)
    return text
  }

  for (const [where, beginning, byte] of [
    ['their request line', 'GET /', 'a'],
    ['the name of a header', 'GET /test HTTP/1.1\r\nHost: x\r\n', 'a'],
    ['the value of a header', 'GET /test HTTP/1.1\r\nHost: x\r\nX: ', 'a'],
    ['their body', 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"data":"', 'a'],
    ['a body that needs none', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', 'a'],
    ['a request after another', 'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /', 'a'],
  ] as const) {
    it(`are closed in time if that is in ${where}, and hold up nobody`, async () => {
      const before = await allOpenDescriptors()
      const stream = await hub.subscribe('test')
      const attack = Promise.all(Array.from({ length: MANY }, () => trickle(beginning, byte)))
      await Promise.all(sockets.map((socket) => socket.connecting && once(socket, 'connect')))
      const begun = performance.now()
      assert.equal((await hub.publish('test', { data: 'meanwhile' })).status, 200)
      await stream.count(1)
      for (const answer of await attack) {
        assert.doesNotMatch(answer, /HTTP\/1\.1 (2|5)\d\d[\s\S]*HTTP\/1\.1 (2|5)/)
      }
      assert.ok(performance.now() - begun < 30_000)
      assert.deepEqual(stream.data, ['meanwhile'])
      stream.close()
      await until(async () => (await allOpenDescriptors()) <= before + 2)
    })
  }

  it('are closed in time if they say nothing at all', async () => {
    const before = await allOpenDescriptors()
    await Promise.all(Array.from({ length: MANY }, () => trickle('', '')))
    await until(async () => (await allOpenDescriptors()) <= before + 2)
  })

  /** Publishes much, again and again, until something is so. */
  const publishUntil = async (isSo: () => boolean | Promise<boolean>) => {
    const data = 'x'.repeat(100_000)
    for (let id = 0; !(await isSo()); id += 1) {
      await answerOf(await hub.publish('hot', { id, data }))
    }
  }

  it('are closed if they do not read, the descriptor with them, and others read on', async () => {
    const good = await hub.subscribe('hot')
    const before = await allOpenDescriptors()
    for (let count = 0; count < 10; count += 1) {
      const socket = hub.connect().pause()
      sockets.push(socket)
      socket.on('error', () => {})
      socket.write('GET /hot HTTP/1.1\r\nHost: x\r\n\r\n')
    }
    await until(async () => (await hub.stats()).global.clients === 11)
    await publishUntil(async () => (await hub.stats()).global.clients === 1)
    const own = sockets.length // who does not read does not see the end either
    await until(async () => (await allOpenDescriptors()) <= before + own + 2)
    const published = (await hub.stats()).global.broadcasted_events
    assert.ok(published > 0)
    await hub.publish('hot', { data: 'end' })
    await good.until((body) => body.endsWith('data: end\n\n'))
    assert.equal(good.events.filter(({ event }) => event === 'ssehub.gap').length, 0)
  })

  it('are closed if they are gone and nobody has told the hub', async () => {
    const proxy = await FaultProxy.start(hub.url)
    const before = (await hub.stats()).global.clients
    const gone = new OpenStream(connect(proxy.port, '127.0.0.1'), '/hot')
    await gone.until((body) => body.includes(':ok\n\n'))
    proxy.stall()
    await publishUntil(async () => (await hub.stats()).global.clients === before)
    gone.close()
    await proxy.stop()
  })
})
