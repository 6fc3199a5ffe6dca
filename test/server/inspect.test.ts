import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import type { HistoryDump } from '../../src/history-dump.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import { unreadBytes } from '../helpers/unread-bytes.js'
import { until } from '../helpers/until.js'

forWorkers('what tells of the hub', (start) => {
  let hub: StartedHub

  before(async () => {
    hub = await start({ channels: [{ path: 'defined' }] })
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  it('is OK at /, also to those who only ask for the head', async () => {
    const answer = await fetch(`${hub.url}/?x=1`)
    assert.deepEqual([answer.status, await answer.text()], [200, 'OK\n'])
    assert.equal((await fetch(hub.url, { method: 'HEAD' })).status, 200)
  })

  it('has the figures of the original at /stats, as numbers', async () => {
    await hub.subscribe('counted')
    await hub.publish('counted', { id: 1, data: 'x' })
    await hub.publish('counted', { data: 'y' })
    const { global, channels } = await hub.stats()
    const { uptime, ...counts } = global
    assert.match(uptime, /^00:0\d:\d\d$/)
    for (const [name, count] of Object.entries(counts)) assert.equal(typeof count, 'number', name)
    const {
      clients,
      broadcasted_events,
      channel_connects,
      channels: known,
      connections,
      ...others
    } = counts
    assert.deepEqual([clients, broadcasted_events, channel_connects, known], [1, 2, 1, 2])
    assert.ok(connections > 0)
    for (const name of ['disconnects', 'client_errors', 'gaps', 'stalled_clients']) {
      assert.ok(`channel_${name}` in others)
    }
    for (const name of ['router_read_errors', 'invalid_http_req', 'oversized_http_req']) {
      assert.ok(name in others)
    }
    assert.deepEqual(new Set(Object.values(others)), new Set([0]))
    assert.deepEqual(channels[1], {
      id: 'counted',
      clients: 1,
      broadcasted_events: 2,
      cached_events: 1,
      cached_bytes: 15,
      cache_size: 500,
      total_connects: 1,
      total_disconnects: 0,
      client_errors: 0,
      gaps: 0,
      stalled_clients: 0,
      evicted_by_bytes: 0,
      evicted_by_age: 0,
    })
  })

  it('has a history at /-/history/PATH, each event in its place', async () => {
    const begun = Date.now()
    for (const event of [
      { id: 'a', data: 'first' },
      { id: 'b', data: 'x\ny', event: 'news', retry: 700 },
      { id: 'a', data: 'again' },
      { data: 'not kept' },
    ]) {
      await hub.publish('dumped/channel', event)
    }
    const answer = await fetch(`${hub.url}/-/history/dumped%2Fchannel`)
    const { epoch, events, ...dump } = (await answer.json()) as HistoryDump
    assert.match(epoch, /^[a-z0-9]{8}$/)
    assert.deepEqual(dump, { channel: 'dumped/channel', sequence: 4 })
    assert.deepEqual(
      events.map(({ time, ...event }) => event),
      [
        { sequence: 3, id: 'a', event: null, data: 'again' },
        { sequence: 2, id: 'b', event: 'news', data: 'x\ny', retry: 700 },
      ],
    )
    for (const { time } of events) assert.ok(time >= begun && time <= Date.now())
    assert.equal((await fetch(`${hub.url}/-/history/unknown`)).status, 404)
  })

  it('is nothing elsewhere under /-/', async () => {
    for (const path of ['/-/', '/-/x', '/-/history']) {
      assert.equal((await fetch(hub.url + path)).status, 404, path)
    }
    assert.equal((await hub.publish('-/x', { data: 'x' })).status, 405)
    assert.equal((await hub.publish('-%2fx', { data: 'x' })).status, 400)
  })
})

describe('histories that nobody reads', () => {
  let hub: RunningHub
  let sockets: Socket[]
  let before: number

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await hub.hub.stop()
  })

  const connections = () => hub.hub.stats().global.connections

  /** So many are asked for; of each more than 8 MB are left that the system does not take. */
  const ask = async (count: number, server: object) => {
    hub = await startHub({ server, default: { cacheLength: 1_000_000, cacheBytes: 0 } })
    const events = 80 + 1.5e-5 * (await unreadBytes())
    for (let id = 1; id <= events; id += 1) {
      await hub.hub.publish('large', { id, data: 'x'.repeat(100_000) })
    }
    before = connections()
    sockets = Array.from({ length: count }, () => {
      const socket = hub.connect().on('error', () => {})
      socket.pause().write('GET /-/history/large HTTP/1.1\r\nHost: x\r\n\r\n')
      return socket
    })
  }

  it('hold no more than readers of streams may', async () => {
    await ask(8, { maxPendingBytes: 30_000_000 })
    await until(() => hub.hub.stats().global.cut_slow_clients >= 5)
    await until(() => connections() <= before + 3)
  })

  it('are not waited for longer than those', async () => {
    await ask(1, { stallTimeout: 1 })
    await until(() => connections() > before)
    await until(() => connections() === before)
  })
})

describe('the uptime of the hub', () => {
  it('has as many hours as there are', async () => {
    let now = 1_000_000
    const hub = await startHub({}, { now: () => now })
    now += (27 * 3600 + 5 * 60 + 9) * 1000
    assert.equal((await hub.stats()).global.uptime, '27:05:09')
    await hub.hub.stop()
  })
})
