import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { fetchStats } from '../../src/client/stats.js'
import { atOnce } from '../helpers/at-once.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { HubClient } from '../helpers/hub-client.js'
import { type RedisServer, startRedis } from '../helpers/redis-server.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

const SUBSCRIBERS = 20
const EVENTS = 2400

forWorkers('several hubs on one Redis', function (_, workers) {
  this.timeout(120_000)
  let redis: RedisServer
  let folder: string
  let clean: () => Promise<void>
  let hubs: [ServedHub, ServedHub]

  const start = (port = 0) =>
    ServedHub.startWith(
      {
        server: { workers },
        redis: { url: redis.url },
        default: { cacheAdapter: 'redis', cacheLength: 3 * EVENTS },
      },
      folder,
      ['--port', `${port}`],
    )

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
    redis = await startRedis({ appendOnly: true, folder })
    hubs = [await start(), await start()]
  })

  afterEach(async () => {
    for (const hub of hubs) await hub.kill()
    await redis.stop()
    await clean()
  })

  /** Follows the two hubs, one after the other, until it has seen the last event. */
  const follow = async (index: number): Promise<string[]> => {
    const seen: string[] = []
    let lastId: string | undefined
    for (let turn = index; seen.at(-1) !== 'end'; turn += 1) {
      const hub = hubs[turn % 2] as ServedHub
      const headers: Record<string, string> = lastId ? { 'Last-Event-ID': lastId } : {}
      const stream = await hub.subscribe('test', headers).catch(() => undefined)
      if (!stream) continue // that hub is away
      await stream.until((body) => body.includes('id: end\n')).catch(() => {})
      for (const { id, event, data } of stream.events) {
        seen.push(event === 'ssehub.gap' ? `gap: ${JSON.parse(data).reason}` : `${id}`)
      }
      lastId = seen.findLast((id) => !id.startsWith('gap: '))
    }
    return seen
  }

  /** Publishes as fast as one publisher can; what was not acked is published again. */
  const publishAll = async (hub: () => HubClient, name: string, acked: (count: number) => void) => {
    for (let number = 0; number < EVENTS / 2; ) {
      const id = `${name}-${number}`
      const answer = await hub()
        .publish('test', { id, data: id })
        .catch(() => undefined)
      if (answer) await answer.arrayBuffer().catch(() => {})
      if (answer?.status !== 200) continue
      number += 1
      acked(number)
    }
  }

  const settle = async () => {
    const streams = async () => {
      const figures = await Promise.all(hubs.map((hub) => hub.stats()))
      return figures.reduce((sum, { global }) => sum + global.clients, 0)
    }
    await until(async () => (await streams()) === SUBSCRIBERS)
  }

  /** Every acked event was seen by everybody once, and by all in the same order. */
  const check = (all: readonly string[][], mayRepeat: ReadonlySet<string>) => {
    const [first = [], ...others] = all
    for (const seen of others) assert.deepEqual(seen, first)
    const times = new Map<string, number>()
    for (const id of first) times.set(id, (times.get(id) ?? 0) + 1)
    for (const name of ['a', 'b']) {
      for (let number = 0; number < EVENTS / 2; number += 1) {
        const id = `${name}-${number}`
        const count = times.get(id) ?? 0
        assert.ok(count === 1 || (count > 1 && mayRepeat.has(id)), `${id} was seen ${count} times`)
      }
    }
  }

  it('are one hub to publishers and subscribers, also while one is killed and comes back', async () => {
    const following = Array.from({ length: SUBSCRIBERS }, (_, index) => follow(index))
    await settle()
    const { port } = hubs[1]
    let restarting: Promise<void> | undefined
    let unsure = ''
    const restart = async (number: number) => {
      unsure = `b-${number}` // it may have been taken by the hub that was killed
      await hubs[1].kill()
      hubs[1] = await start(port)
    }
    await Promise.all([
      publishAll(
        () => hubs[0],
        'a',
        () => {},
      ),
      publishAll(
        () => hubs[1],
        'b',
        (number) => {
          if (number === EVENTS / 4) restarting = restart(number)
        },
      ),
    ])
    await restarting
    await hubs[0].publish('test', { id: 'end', data: '' })
    check(await Promise.all(following), new Set([unsure]))
  })

  it('miss nothing while Redis is killed and comes back', async () => {
    const following = Array.from({ length: SUBSCRIBERS }, (_, index) => follow(index))
    await settle()
    let restarting: Promise<void> | undefined
    const restart = async () => {
      await redis.kill()
      await redis.restart()
    }
    await Promise.all(
      (['a', 'b'] as const).map((name, index) =>
        publishAll(
          () => hubs[index] as ServedHub,
          name,
          (number) => {
            if (name === 'a' && number === EVENTS / 4) restarting = restart()
          },
        ),
      ),
    )
    await restarting
    await hubs[0].publish('test', { id: 'end', data: '' })
    check(await Promise.all(following), new Set())
  })

  it('tell their own figures, and those of all', async () => {
    for (const [index, hub] of hubs.entries()) {
      await hub.subscribe('test')
      await hub.publish('test', { id: `${index}`, data: 'x' })
    }
    const own = await hubs[0].stats()
    assert.equal(own.global.clients, 1)
    let all = await fetchStats(hubs[1].url, { scope: 'cluster' })
    await until(async () => {
      all = await fetchStats(hubs[1].url, { scope: 'cluster' }) // one that is slow to answer is left out
      return all.missing_hubs === 0 && all.global.clients === 2
    })
    assert.equal(all.global.broadcasted_events, 2)
    assert.equal(all.global.channels, 1)
    assert.deepEqual(
      all.hubs.map(({ clients }) => clients),
      [1, 1],
    )
    hubs[0].signal('SIGSTOP')
    const rest = await fetchStats(hubs[1].url, { scope: 'cluster' })
    assert.deepEqual([rest.hubs.length, rest.missing_hubs], [1, 1])
    assert.equal((await fetch(`${hubs[1].url}/stats?scope=all`)).status, 400)
  })

  it('ask Redis for next to nothing when 10,000 clients resume at once', async () => {
    for (let id = 1; id <= 20; id += 1) await hubs[0].publish('test', { id, data: `${id}` })
    const commands = async () => {
      const info = String(await redis.command('INFO', 'stats'))
      return Number(/total_commands_processed:(\d+)/.exec(info)?.[1])
    }
    const sockets: Socket[] = []
    const resume = (id: string) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(hubs[1].port, '127.0.0.1')
        sockets.push(socket)
        socket.write(`GET /test HTTP/1.1\r\nHost: hub\r\nLast-Event-ID: ${id}\r\n\r\n`)
        let body = ''
        socket.on('data', (chunk) => {
          body += chunk
          if (body.includes('id: 20\n')) resolve()
        })
        socket.once('error', reject)
      })
    await resume('1')
    const before = await commands()
    const begun = performance.now()
    try {
      for (let batch = 0; batch < 10; batch += 1) {
        await atOnce(1000, (index) => resume(index % 2 ? '5' : 'unknown'))
      }
      const spent = (await commands()) - before
      const seconds = (performance.now() - begun) / 1000
      assert.ok(spent < 60 + 4 * seconds, `${spent} commands in ${seconds} s`)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })
})
