import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { makeCertificate } from '../helpers/certificate.js'
import { forWorkers } from '../helpers/for-workers.js'
import { Http2Client } from '../helpers/http2-client.js'
import { type StartedHub, startHub } from '../helpers/hub.js'
import { until } from '../helpers/until.js'

/** More than an event may have. */
const BIG = Buffer.alloc(8_200_000, ' ')

forWorkers('HTTP/2', (startHub) => {
  let hub: StartedHub
  let client: Http2Client

  before(async () => {
    hub = await startHub({}, await makeCertificate())
    client = await Http2Client.connect(hub)
  })
  after(async () => {
    client.close()
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('carries streams, publishes, preflights, refusals and figures as HTTP/1.1 does', async () => {
    const stream = await client.subscribe('test', { origin: 'https://some.host' })
    assert.deepEqual(
      Object.entries(stream.headers).filter(([name]) => name !== 'date'),
      [
        [':status', 200],
        ['content-type', 'text/event-stream'],
        ['cache-control', 'no-cache'],
        ['x-accel-buffering', 'no'],
        ['access-control-allow-origin', '*'],
      ],
    )
    const other = await hub.subscribe('test')
    const answer = await client.publish('test', { id: 1, data: 'one' })
    assert.deepEqual(JSON.parse(answer.body), {
      channel: 'test',
      id: '1',
      sequence: 1,
      subscribers: 2,
    })
    await hub.publish('test', { id: 2, data: 'two' })
    await stream.count(2)
    await other.count(2)
    assert.equal(stream.body, other.body)
    const resumed = await client.subscribe('test', { 'last-event-id': '1' })
    await resumed.count(1)
    assert.deepEqual(resumed.ids, ['2'])

    const preflight = await client.fetch({ ':method': 'OPTIONS', ':path': '/test' })
    assert.equal(preflight.status, 204)
    assert.match(String(preflight.headers['access-control-allow-headers']), /Last-Event-ID/)
    for (const [status, headers, body] of [
      [400, { ':method': 'POST', ':path': '/test' }, 'no event'],
      [400, { ':path': '/%ff' }, undefined],
      [405, { ':method': 'PUT', ':path': '/test' }, 'x'],
      [405, { ':method': 'HEAD', ':path': '/test' }, undefined],
      [405, { ':method': 'FOO', ':path': '/test' }, 'x'],
      [405, { ':method': 'CONNECT', ':authority': 'x:443' }, 'x'],
      [400, { ':path': '/%ff', expect: 'luck' }, undefined],
      [413, { ':method': 'POST', ':path': '/test', 'content-length': BIG.length }, BIG],
      [413, { ':method': 'POST', ':path': '/test' }, BIG],
      [415, { ':method': 'POST', ':path': '/test', 'content-encoding': 'gzip' }, '{}'],
      [431, { ':path': '/test', 'x-much': 'x'.repeat(17_000) }, undefined],
    ] as const) {
      const refused = await client.fetch({ ...headers }, body)
      assert.equal(refused.status, status)
      if (headers[':method' as never] === 'HEAD') continue
      assert.equal(JSON.parse(refused.body).statusCode, status)
      if (status === 405) assert.equal(refused.headers.allow, 'GET, POST, OPTIONS')
      if (status === 413) assert.match(refused.body, /server\.maxEventBytes/)
    }
    const stats = JSON.parse((await client.fetch({ ':path': '/stats' })).body)
    assert.equal(stats.global.clients, 3)
    assert.equal(client.isClosed, false)
  })

  it('sends all of a session away when it stops: with a retry, and no error', async () => {
    const streams = await Promise.all(['a', 'a', 'b'].map((name) => client.subscribe(name)))
    await client.publish('a', { id: 1, data: 'x' })
    await hub.hub.stop()
    for (const stream of streams) {
      await stream.end()
      assert.match(stream.body, /^:ok\n\n(id: 1\ndata: x\n\n)?retry: \d+\n\n$/)
      assert.equal(stream.error, undefined)
      assert.equal(stream.stream.rstCode, constants.NGHTTP2_NO_ERROR)
    }
    await until(() => client.isClosed)
    assert.deepEqual(client.goaways, [constants.NGHTTP2_NO_ERROR])
  })
})

forWorkers('a client of HTTP/2', (startHub) => {
  let hub: StartedHub
  let client: Http2Client

  before(async () => {
    const server = { requestTimeout: 2 }
    hub = await startHub({ server, default: { cacheLength: 10_000 } }, await makeCertificate())
  })
  beforeEach(async () => {
    client = await Http2Client.connect(hub)
  })
  afterEach(() => client.close())
  after(() => hub.hub.stop())

  const global = async () => (await hub.statsOnce()).global
  const hasClients = (count: number) => until(async () => (await global()).clients === count)

  it('has no limit of six streams, and knows each as a client of its own', async () => {
    const streams = await Promise.all(Array.from({ length: 200 }, () => client.subscribe('test')))
    assert.equal((await global()).clients, 200)
    await client.publish('test', { data: 'x' })
    for (const stream of streams) await stream.count(1)
    streams[0]?.close()
    streams[1]?.stream.close(constants.NGHTTP2_NO_ERROR)
    streams[2]?.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    await hasClients(197)
    client.session.destroy()
    await hasClients(0)
  })

  it('has a request broken off whose body does not come in time, and no other', async () => {
    const { timed_out_requests: before } = await global()
    const reader = await client.subscribe('body')
    const slow = client.session.request({ ':method': 'POST', ':path': '/body' })
    slow.on('error', () => {})
    slow.write('{')
    await until(() => slow.closed)
    assert.equal(slow.rstCode, constants.NGHTTP2_CANCEL)
    assert.equal((await global()).timed_out_requests, before + 1)
    await client.publish('body', { data: 'x' })
    await reader.count(1)
  })

  it('is given all that it lacks of a stream that it reads again', async () => {
    const stream = await client.subscribe('again')
    stream.stream.pause()
    for (let id = 1; id <= 200; id += 1) {
      await client.publish('again', { id, data: 'x'.repeat(20_000) })
    }
    stream.stream.resume()
    await stream.count(200)
    assert.deepEqual(
      stream.ids,
      Array.from({ length: 200 }, (_, index) => `${index + 1}`),
    )
  })

  it('is not waited for where it has no window for its first bytes', async () => {
    const closed = await Http2Client.connect(hub, { settings: { initialWindowSize: 0 } })
    const { clients } = await global()
    const stuck = closed.request({ ':path': '/window' })
    const stream = await client.subscribe('window')
    await hasClients(clients + 2)
    for (let id = 1; id <= 10; id += 1) await client.publish('window', { id, data: 'x' })
    await stream.count(10)
    assert.deepEqual([stuck.status, stuck.body], [200, ''])
    closed.session.settings({ initialWindowSize: 65_535 })
    await stuck.count(10)
    closed.close()
  })

  it('loses its session if it opens and resets streams without an end, and no other', async () => {
    const stream = await client.subscribe('flood')
    const { router_read_errors, clients, connections } = await global()
    const flood = await Http2Client.connect(hub)
    for (let count = 1; count <= 3000; count += 1) {
      const { stream } = flood.request({ ':path': '/flood' })
      stream.close(constants.NGHTTP2_CANCEL)
      if (count % 100 === 0) await new Promise(setImmediate)
    }
    await until(async () => (await global()).router_read_errors === router_read_errors + 1)
    await until(async () => (await global()).connections <= connections)
    await hasClients(clients)
    await client.publish('flood', { data: 'x' })
    await stream.count(1)
    flood.close()
  })

  it('has a publish finished that is under way when the hub stops; others are not waited for', async () => {
    const stuck = await client.subscribe('large')
    stuck.stream.pause()
    const data = 'x'.repeat(100_000)
    for (let count = 0; count < 50; count += 1) await client.publish('large', { data })
    const stream = await client.subscribe('stop')
    const begin = async () => {
      const publish = client.session.request({ ':method': 'POST', ':path': '/stop' })
      publish.write('{"data"')
      await new Promise((written) => publish.write(':', written))
      return publish
    }
    const [publish, gone] = [await begin(), await begin()]
    await client.fetch({ ':path': '/' }) // it has read that far
    gone.close(constants.NGHTTP2_CANCEL)
    const started = performance.now()
    const stopped = hub.hub.stop()
    publish.end('"x"}')
    const [headers] = await once(publish, 'response')
    assert.equal(headers[':status'], 200)
    await stopped
    assert.ok(performance.now() - started < 10_000)
    await stream.end()
    assert.deepEqual(
      stream.events.map(({ data }) => data),
      ['x'],
    )
  })
})

describe('a stream of HTTP/2 that is not read', () => {
  it('waits by itself, then is closed, and that one alone', async () => {
    let now = 0
    const server = { stallTimeout: 10 }
    const hub = await startHub({ server }, { now: () => now }, await makeCertificate())
    const client = await Http2Client.connect(hub)
    const clients = () => hub.hub.stats().global.clients
    const [stuck, free] = await Promise.all(['test', 'test'].map((name) => client.subscribe(name)))
    stuck?.stream.pause()
    const data = 'x'.repeat(50_000)
    for (let id = 1; id <= 100; id += 1) await hub.hub.publish('test', { id, data })
    await free?.count(100)
    assert.ok((stuck?.events.length ?? 0) < 100)
    assert.equal(clients(), 2)
    await until(() => {
      now += 1000 // its clock is looked at every second
      return clients() === 1
    })
    const { global } = hub.hub.stats()
    assert.equal(global.channel_disconnects, 1)
    assert.equal(hub.hub.stats().channels[0]?.client_errors, 0)
    await hub.hub.publish('test', { data: 'end' })
    await free?.count(101)
    assert.equal(client.isClosed, false)
    stuck?.stream.resume()
    await stuck?.end()
    assert.equal(stuck?.stream.rstCode, constants.NGHTTP2_CANCEL)
    client.close()
    await hub.hub.stop()
  })
})
