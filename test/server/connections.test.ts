import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connectionRoom } from '../../src/limits/open-files.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { until } from '../helpers/until.js'

const POST = 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}'

describe('the limits of connections', () => {
  let hub: RunningHub

  const start = async (server: object) => {
    hub = await startHub({ server })
  }
  const global = () => hub.hub.stats().global
  const from = (address: string) => hub.subscribe('test', { 'X-Forwarded-For': address })

  /** A reader at a limit: 200, a reason, a retry, and the end. */
  const isSentAway = async (stream: OpenStream, setting: string) => {
    await stream.end()
    assert.match(stream.head, /^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/)
    const [, reason, retry] = /^:ok\n\n: .* \((.*)\)\n\nretry: (\d+)\n\n$/.exec(stream.body) ?? []
    assert.equal(reason, setting)
    assert.ok(Number(retry) >= 1000 && Number(retry) <= 5000, retry)
    return Number(retry)
  }

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('send a reader beyond maxConnections away with a 200 and its own retry', async () => {
    await start({ maxConnections: 3 })
    const streams = [await hub.subscribe('test'), await hub.subscribe('other')]
    const idle = hub.connect()
    await until(() => global().connections === 3)
    const retries = new Set<number>()
    for (let count = 0; count < 5; count += 1) {
      retries.add(await isSentAway(await hub.subscribe('test'), 'server.maxConnections'))
    }
    assert.ok(retries.size > 1)
    const { connections, refused_connections, clients } = global()
    assert.deepEqual([connections, refused_connections, clients], [3, 5, 2])

    streams.shift()?.close()
    idle.destroy()
    await until(() => global().connections === 1)
    const stream = await hub.subscribe('test')
    await hub.hub.publish('test', { data: 'x' })
    await stream.count(1)
  })

  it('give a publisher beyond maxConnections a 429 that says when to come again', async () => {
    await start({ maxConnections: 1 })
    const stream = await hub.subscribe('test')
    const answer = await hub.raw(POST)
    assert.match(answer, /^HTTP\/1.1 429 Too Many Requests\r\n/)
    assert.match(answer, /\r\nretry-after: \d+\r\n/i)
    assert.match(answer, /"message":"[^"]*\(server\.maxConnections\)[^"]*"/)
    stream.close()
    await until(() => global().connections === 0)
    const publisher = hub.connect()
    publisher.write(POST)
    assert.match(String(await once(publisher, 'data')), /^HTTP\/1.1 200 /)
    assert.equal(global().connections, 1, 'it is kept alive, and counts')
    publisher.destroy()
  })

  it('still let the hub tell of itself when it is full', async () => {
    await start({ maxConnections: 1 })
    await hub.subscribe('test')
    for (const request of ['GET /', 'HEAD /stats', 'OPTIONS /test', 'GET /stats']) {
      const answer = await hub.raw(`${request} HTTP/1.1\r\nHost: x\r\n\r\n`)
      assert.match(answer, /^HTTP\/1.1 20[04] /)
    }
    assert.equal(global().refused_connections, 0, 'nobody was turned away')
    await hub.raw(POST)
    await hub.subscribe('test')
    assert.equal(global().refused_connections, 2)
  })

  it('close what is kept out and says nothing after a second, and count it', async () => {
    await start({ maxConnections: 1 })
    await hub.subscribe('test')
    const begun = performance.now()
    assert.equal(await hub.raw(''), '')
    assert.ok(performance.now() - begun < 2500)
    assert.equal(global().refused_connections, 1)
    assert.equal(await hub.raw('GET / HT'), '')
    assert.ok(performance.now() - begun > 3000, 'who has begun to say something has longer')
    assert.equal(global().refused_connections, 2)
  })

  it('keep an address out that has maxConnectionsPerIp, and nobody else', async () => {
    await start({ maxConnectionsPerIp: 2 })
    const streams = [await hub.subscribe('test'), await hub.subscribe('test')]
    await isSentAway(await hub.subscribe('test'), 'server.maxConnectionsPerIp')
    assert.match(await hub.raw(POST), /^HTTP\/1.1 429 [\s\S]*\(server\.maxConnectionsPerIp\)/)
    assert.equal(global().refused_connections_per_ip, 2)
    streams[0]?.close()
    await until(() => global().connections === 1)
    await hub.subscribe('test')
    assert.equal(global().clients, 2)
  })

  it('count readers behind a trusted proxy by their own address, IPv6 by /64', async () => {
    await start({ maxConnectionsPerIp: 1, trustedProxies: ['127.0.0.1'] })
    await from('192.0.2.1')
    await from('192.0.2.2')
    const stream = await from('2001:db8::1')
    await from('2001:db8:0:1::1')
    for (const again of ['192.0.2.1', '2001:db8::2', '::ffff:192.0.2.2']) {
      await isSentAway(await from(again), 'server.maxConnectionsPerIp')
    }
    stream.close()
    await until(() => global().clients === 3)
    await from('2001:db8::2')
    assert.equal(global().clients, 4)
  })

  it('are off with 0', async () => {
    await start({ maxConnections: 0, maxConnectionsPerIp: 0 })
    await Promise.all(Array.from({ length: 20 }, () => hub.subscribe('test')))
    assert.equal(global().clients, 20)
  })
})

forWorkers(
  'a hub that is full, and full of connections that ask for nothing',
  (startHub, workers) => {
    let hub: StartedHub

    before(async () => {
      hub = await startHub({ server: { maxConnections: 1 } })
      await hub.subscribe('test')
    })

    after(async () => {
      hub.closeStreams()
      await hub.hub.stop()
    })

    it('tells those all the same who do say what they want', async () => {
      const { maxRefusals } = connectionRoom({ maxConnections: 1, workers })
      const silent = Array.from({ length: maxRefusals * workers + 10 }, () => hub.connect())
      for (const socket of silent) socket.on('error', () => {})
      await Promise.all(silent.map((socket) => once(socket, 'connect')))
      for (const socket of silent) socket.write('G') // so they last the longer
      const reader = await hub.subscribe('test')
      await reader.end()
      assert.match(reader.body, /\(server\.maxConnections\)\n\nretry: \d+\n\n$/)
      assert.match(await hub.raw(POST), /^HTTP\/1.1 429 [\s\S]*\(server\.maxConnections\)/)
      for (const socket of silent) socket.destroy()
    })
  },
)
