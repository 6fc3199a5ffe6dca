import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connectionRoom } from '../../src/limits/open-files.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { until } from '../helpers/until.js'

const POST = 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}'

forWorkers('the limits of connections', (startHub, workers) => {
  let hub: StartedHub

  const startOnce = (server: object) => {
    before(async () => {
      hub = await startHub({ server })
    })
    after(async () => {
      hub.closeStreams()
      await hub.hub.stop()
    })
  }
  const global = async () => (await hub.statsOnce()).global

  /** A reader at a limit: 200, a reason, a retry, and the end. */
  const isSentAway = async (stream: OpenStream, setting: string) => {
    await stream.end()
    assert.match(stream.head, /^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/)
    const [, reason, retry] = /^:ok\n\n: .* \((.*)\)\n\nretry: (\d+)\n\n$/.exec(stream.body) ?? []
    assert.equal(reason, setting)
    assert.ok(Number(retry) >= 1000 && Number(retry) <= 5000, retry)
    return Number(retry)
  }

  describe('where maxConnections are there', () => {
    const LIMIT = { maxConnections: 4 }
    let streams: OpenStream[]
    let publisher: Socket

    startOnce({ ...LIMIT, maxConnectionsPerIp: 0 })
    before(async () => {
      streams = [await hub.subscribe('test'), await hub.subscribe('a'), await hub.subscribe('b')]
      publisher = hub.connect()
      publisher.write(POST)
      assert.match(String(await once(publisher, 'data')), /^HTTP\/1.1 200 /)
    })

    it('send a reader away with a 200 and its own retry', async () => {
      const { refused_connections: before } = await global()
      const retries = new Set<number>()
      for (let count = 0; count < 5; count += 1) {
        retries.add(await isSentAway(await hub.subscribe('test'), 'server.maxConnections'))
      }
      assert.ok(retries.size > 1)
      const { connections, refused_connections, clients } = await global()
      assert.deepEqual([connections, refused_connections - before, clients], [4, 5, 3])
    })

    it('give a publisher a 429 that says when to come again', async () => {
      const answer = await hub.raw(POST)
      assert.match(answer, /^HTTP\/1.1 429 Too Many Requests\r\n/)
      assert.match(answer, /\r\nretry-after: \d+\r\n/i)
      assert.match(answer, /"message":"[^"]*\(server\.maxConnections\)[^"]*"/)
    })

    it('still let the hub tell of itself', async () => {
      const { refused_connections: before } = await global()
      for (const request of ['GET /', 'HEAD /stats', 'OPTIONS /test', 'GET /stats']) {
        const answer = await hub.raw(`${request} HTTP/1.1\r\nHost: x\r\n\r\n`)
        assert.match(answer, /^HTTP\/1.1 20[04] /)
      }
      assert.equal((await global()).refused_connections, before, 'nobody was turned away')
      await hub.raw(POST)
      await hub.subscribe('test')
      assert.equal((await global()).refused_connections, before + 2)
    })

    it('close what says nothing after a second, and count it', async () => {
      const { refused_connections: before } = await global()
      const closing = async (text: string) => {
        const begun = performance.now()
        assert.equal(await hub.raw(text), '')
        return performance.now() - begun
      }
      const [silent, begun] = await Promise.all([closing(''), closing('GET / HT')])
      assert.ok(begun > 2000, `${begun} ms`)
      assert.ok(silent < begun, 'who has begun to say something has longer')
      assert.equal((await global()).refused_connections, before + 2)
    })

    it('tell those all the same who do say what they want, among many who do not', async () => {
      const { maxRefusals } = connectionRoom({ ...LIMIT, workers })
      const silent = Array.from({ length: maxRefusals * workers + 10 }, () => hub.connect())
      for (const socket of silent) socket.on('error', () => {})
      await Promise.all(silent.map((socket) => once(socket, 'connect')))
      for (const socket of silent) socket.write('G') // so they last the longer
      await isSentAway(await hub.subscribe('test'), 'server.maxConnections')
      assert.match(await hub.raw(POST), /^HTTP\/1.1 429 [\s\S]*\(server\.maxConnections\)/)
      for (const socket of silent) socket.destroy()
    })

    it('let others in as soon as there is room', async () => {
      publisher.destroy()
      for (const stream of streams.slice(1)) stream.close()
      await until(async () => (await global()).connections === 2) // with the one that asks
      const stream = await hub.subscribe('test')
      await hub.publish('test', { data: 'x' }, { headers: { Connection: 'close' } })
      await stream.count(1)
      assert.equal((await global()).clients, 2)
    })
  })

  describe('where an address has maxConnectionsPerIp', () => {
    startOnce({ maxConnectionsPerIp: 3 })

    it('keep it out, until it has fewer', async () => {
      const streams = [
        await hub.subscribe('test'),
        await hub.subscribe('a'),
        await hub.subscribe('b'),
      ]
      await isSentAway(await hub.subscribe('test'), 'server.maxConnectionsPerIp')
      assert.match(await hub.raw(POST), /^HTTP\/1.1 429 [\s\S]*\(server\.maxConnectionsPerIp\)/)
      const { clients, refused_connections_per_ip } = await global()
      assert.deepEqual([clients, refused_connections_per_ip], [3, 2])
      for (const stream of streams.slice(1)) stream.close()
      await until(async () => (await global()).connections === 2)
      await hub.subscribe('test')
      assert.equal((await global()).clients, 2)
    })
  })

  describe('behind a trusted proxy', () => {
    startOnce({ maxConnections: 0, maxConnectionsPerIp: 1, trustedProxies: ['127.0.0.1'] })

    const from = (address: string) => hub.subscribe('test', { 'X-Forwarded-For': address })

    it('count readers by their own address, IPv6 by /64', async () => {
      await from('192.0.2.1')
      await from('192.0.2.2')
      const stream = await from('2001:db8::1')
      await from('2001:db8:0:1::1')
      for (const again of ['192.0.2.1', '2001:db8::2', '::ffff:192.0.2.2']) {
        await isSentAway(await from(again), 'server.maxConnectionsPerIp')
      }
      stream.close()
      await until(async () => (await global()).clients === 3)
      await from('2001:db8::2')
      assert.equal((await global()).clients, 4)
    })

    it('are off with 0', async () => {
      const { clients: before } = await global()
      await Promise.all(Array.from({ length: 20 }, (_, index) => from(`198.51.100.${index}`)))
      assert.equal((await global()).clients, before + 20)
    })
  })
})
