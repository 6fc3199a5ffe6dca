import assert from 'node:assert/strict'
import { join } from 'node:path'
import { atBest } from '../helpers/at-best.js'
import { atOnce } from '../helpers/at-once.js'
import { cli } from '../helpers/cli.js'
import { answerOf } from '../helpers/hub-client.js'
import { HubOfTest } from '../helpers/hub-of-test.js'
import type { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

const CLOSE = { headers: { Connection: 'close' } }

describe('a hub with workers', function () {
  this.timeout(60_000)
  const own = new HubOfTest()

  const start = async (more: object = {}) => {
    const settings = { server: { workers: 3 }, default: { cacheLength: 20_000 }, ...more }
    const hub = await own.startWith(settings)
    await hub.logs(() => hub.workers.filter(Boolean).length === 3)
    return hub
  }

  const subscribers = (to: ServedHub, count: number) => atOnce(count, () => to.subscribe('test'))

  it('is one hub, whichever worker a client comes to', async () => {
    const hub = await start()
    assert.deepEqual(
      hub.banner.filter((line) => line.startsWith('listening')),
      [`listening on ${hub.url}`],
    )
    const streams = await subscribers(hub, 9)
    const ids = Array.from({ length: 300 }, (_, index) => `${index}`)
    const answers = await Promise.all(
      ids.map(async (id) => answerOf(await hub.publish('test', { id, data: id }, CLOSE))),
    )
    for (const stream of streams) await stream.count(300)
    const order = streams[0]?.ids
    for (const stream of streams) assert.deepEqual(stream.ids, order)
    assert.deepEqual(new Set(order), new Set(ids))
    assert.deepEqual(
      answers.toSorted((a, b) => a.sequence - b.sequence).map(({ id }) => id),
      order,
    )
    for (const { subscribers } of answers) assert.equal(subscribers, 9)

    const last = order?.at(-1) as string
    for (let turn = 0; turn < 30; turn += 1) {
      const id = `next-${turn}`
      const resumed = await hub.subscribe('test', {
        'Last-Event-ID': turn ? `next-${turn - 1}` : last,
      })
      await hub.publish('test', { id, data: id }, CLOSE)
      await resumed.count(1)
      assert.deepEqual(resumed.ids, [id])
      resumed.close()
    }
    for (let turn = 0; turn < 6; turn += 1) {
      const history = await fetch(`${hub.url}/-/history/test`, CLOSE)
      assert.equal(((await history.json()) as { sequence: number }).sequence, 330)
      const { channels, global } = await hub.stats()
      assert.deepEqual(
        channels.map(({ id, cached_events }) => [id, cached_events]),
        [['test', 330]],
      )
      assert.equal(global.broadcasted_events, 330)
      assert.equal((await fetch(`${hub.url}/-/history/none`, CLOSE)).status, 404)
    }
  })

  it('loses nothing when workers are killed among events, and counts on', async () => {
    const hub = await start()
    const following = Array.from({ length: 20 }, () => follow(hub))
    await until(async () => (await hub.stats()).global.clients === 20)
    const acked: string[] = []
    const publish = async (publisher: number) => {
      for (let number = 0; number < 250; number += 1) {
        const id = `${publisher}-${number}`
        const answer = await hub.publish('test', { id, data: id }).catch(() => undefined)
        await answer?.arrayBuffer().catch(() => {})
        if (answer?.status !== 200) continue
        acked.push(id)
        const worker = acked.length % 400 === 0 ? hub.workers[acked.length / 400 - 1] : undefined
        if (worker) process.kill(worker, 'SIGKILL')
      }
    }
    const before = await hub.stats()
    await Promise.all(Array.from({ length: 8 }, (_, index) => publish(index)))
    await hub.logs(() => hub.log.filter(({ process }) => process !== undefined).length === 6)
    await hub.publish('test', { id: 'end', data: '' })
    const [first = [], ...others] = await Promise.all(following)
    assert.equal(new Set(first).size, first.length, 'once')
    assert.deepEqual(
      acked.filter((id) => !new Set(first).has(id)),
      [],
    )
    for (const seen of others) assert.deepEqual(seen, first)
    const { global } = await hub.stats()
    assert.equal(global.channel_connects - global.channel_disconnects, global.clients)
    assert.ok(global.channel_connects >= before.global.channel_connects)
    assert.equal(global.broadcasted_events, first.length)
  })

  it('goes on without a worker that hangs, and replaces it', async () => {
    const hub = await start()
    const streams = await subscribers(hub, 30)
    const [hung] = hub.workers
    process.kill(hung as number, 'SIGSTOP')
    const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
    for (const id of ids) {
      assert.equal((await hub.publish('test', { id, data: id }, CLOSE)).status, 200)
    }
    await hub.logs(
      () => hub.log.filter(({ worker, process }) => process && worker === 1).length === 2,
    )
    const ended = streams.filter(({ events }) => events.length === 0)
    for (const stream of ended) await stream.end()
    assert.ok(ended.length > 0 && ended.length < 20, `${ended.length} were the worker's`)
    for (const stream of streams) {
      if (!ended.includes(stream)) await stream.count(20)
    }
    assert.equal((await hub.stats()).global.clients, 30 - ended.length)
    const resumed = await hub.subscribe('test?getcache=1')
    await resumed.count(20)
    assert.deepEqual(resumed.ids, ids)
  })

  it('lets publishers wait no longer for a worker that hangs with much untaken', async () => {
    const data = 'x'.repeat(900_000)
    const replaced = await atBest(1, async () => {
      const hub = await start()
      await subscribers(hub, 9)
      process.kill(hub.workers[0] as number, 'SIGSTOP')
      for (let id = 1; id <= 12; id += 1) {
        assert.equal((await hub.publish('test', { id, data }, CLOSE)).status, 200)
      }
      const { length } = hub.log.filter(({ msg }) => /is replaced/.test(`${msg}`))
      await hub.kill()
      return length
    })
    assert.equal(replaced, 0, 'they have waited until it was given up')
  })

  it('takes all who come at once, and spreads them', async () => {
    const hub = await start()
    const streams = await subscribers(hub, 3000)
    assert.equal((await hub.stats()).global.clients, 3000)
    process.kill(hub.workers[1] as number, 'SIGKILL')
    await until(async () => (await hub.stats()).global.clients < 3000)
    const { clients } = (await hub.stats()).global
    assert.ok(clients > 1700 && clients < 2300, `${clients} of 3000 are left without one of 3`)
    await until(() => streams.filter(({ isEnded }) => isEnded).length === 3000 - clients)
    await subscribers(hub, 3000 - clients)
    assert.equal((await hub.stats()).global.clients, 3000)
  })

  for (const [signal, how] of [
    ['SIGTERM', 'signal'],
    ['SIGINT', 'signalGroup'],
  ] as const) {
    it(`finishes what is under way in all workers, and exits 0 on ${signal} by ${how}`, async () => {
      const hub = await start({ default: { cacheAdapter: 'leveldb' } })
      const streams = await subscribers(hub, 30)
      const body = '{"data":"x"}'
      const busy = await hub.beginPublish('test', body.length)
      const started = performance.now()
      hub[how](signal)
      const late = await hub.subscribe('test') // it is stopping, and waits for the publish
      busy.write(body)
      await late.end()
      assert.match(late.body, /^:ok\n\n(data: x\n\n)?retry: \d+\n\n$/)
      for (const stream of streams) {
        await stream.end()
        assert.match(stream.body, /^:ok\n\ndata: x\n\nretry: \d+\n\n$/)
      }
      assert.equal(await hub.exit(), 0)
      assert.ok(performance.now() - started < 15_000)
      for (const pid of hub.workers) await until(() => !isAlive(pid))
    })
  }

  it('leaves no worker and no port behind when its primary is killed', async () => {
    const first = await start()
    const streams = await subscribers(first, 3)
    first.signal('SIGKILL')
    const file = join(own.folder, 'config.json')
    const hub = await own.start(['--config', file, '--port', `${first.port}`])
    assert.equal((await fetch(hub.url)).status, 200)
    for (const stream of streams) await stream.end()
    for (const pid of first.workers) await until(() => !isAlive(pid))
  })

  it('stops quietly if its group is interrupted while workers start', async () => {
    const interrupt = `data:text/javascript,if(process.send)process.kill(-process.ppid,'SIGINT')`
    const { code, stderr } = await cli(['serve', '--port', '0'], {
      env: {
        NODE_OPTIONS: `--import ${interrupt}`,
        SSEHUB_SERVER_WORKERS: '2',
        SSEHUB_DEFAULT_CACHEADAPTER: 'memory',
      },
    })
    assert.doesNotMatch(stderr, /^ssehub: /m)
    assert.equal(code, 0)
  })

  it('tells what keeps it from starting once, as one process does', async () => {
    const hub = await start({ default: { cacheAdapter: 'leveldb' } })
    const file = join(own.folder, 'config.json')
    const serve = (env: NodeJS.ProcessEnv, port = 0) =>
      cli(['serve', '--config', file, '--port', `${port}`], { env })
    const other = { SSEHUB_LEVELDB_STORAGEDIR: join(own.folder, 'other') }
    const crash = 'data:text/javascript,if(process.send)process.exit(7)'
    const [taken, locked, crashed] = await Promise.all([
      serve(other, hub.port),
      serve({}),
      serve({ ...other, NODE_OPTIONS: `--import ${crash}`, SSEHUB_DEFAULT_CACHEADAPTER: 'memory' }),
    ])
    for (const { code, stderr } of [taken, locked, crashed]) {
      assert.equal(code, 1)
      assert.equal(stderr.match(/^ssehub: /gm)?.length, 1, stderr)
    }
    assert.match(taken.stderr, /cannot listen on .* choose another with --port/)
    assert.match(locked.stderr, /leveldb\.storageDir/)
    assert.match(crashed.stderr, /a worker did not start: it ended with exit code 7/)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Follows the hub, coming back with the last id, until the last event; the ids of all it saw. */
async function follow(hub: ServedHub): Promise<string[]> {
  const seen: string[] = []
  while (seen.at(-1) !== 'end') {
    const last = seen.at(-1)
    const headers: Record<string, string> = last ? { 'Last-Event-ID': last } : {}
    const stream = await hub.subscribe('test', headers).catch(() => undefined)
    await stream?.until((body) => body.includes('id: end\n')).catch(() => {})
    for (const { id, event } of stream?.events ?? []) seen.push(id ?? `${event}`)
  }
  return seen
}
