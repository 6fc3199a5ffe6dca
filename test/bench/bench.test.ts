import assert from 'node:assert/strict'
import { type BenchControl, bench } from '../../src/bench/bench.js'
import { Generator } from '../../src/bench/generator.js'
import type { BenchOptions } from '../../src/bench/options.js'
import { listenersOn, memoryOf } from '../../src/bench/server-processes.js'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { type Conduct, UnfaithfulServer } from '../helpers/unfaithful-server.js'

const SMALL: Omit<BenchOptions, 'url'> = {
  channels: 1,
  subscribers: 3,
  publishers: 1,
  events: 10,
  rate: 0,
  size: 64,
  warmUp: 0,
  storm: 0,
  stormEvents: 100,
  timeout: 10_000,
}

/** In this process: the load is small, and processes take their time to start. */
const HERE: BenchControl = {
  start: (plan, part) => {
    const generator = new Generator(plan, part)
    return {
      get progress() {
        return generator.progress()
      },
      call: async (name, ...args) => {
        const act = generator[name] as (...args: unknown[]) => unknown
        return (await act.apply(generator, args)) as never
      },
      kill: () => generator.close(),
    }
  },
}

describe('the bench', () => {
  describe('with a hub', () => {
    let hub: RunningHub
    beforeEach(async () => {
      hub = await startHub()
    })
    afterEach(() => hub.hub.stop())

    const run = (options: Partial<BenchOptions>) =>
      bench({ ...SMALL, ...options, url: hub.url }, HERE)

    it('follows every event of every publisher to every subscriber of its channel', async () => {
      const result = await run({
        channels: 4,
        subscribers: 10,
        publishers: 3,
        events: 50,
        warmUp: 10,
        processes: 2,
      })
      const { connected, published, delivered, verdict } = result
      assert.deepEqual(
        [connected.count, published.count, verdict.ok, verdict.affected],
        [10, 50, true, 0],
      )
      // Each publisher goes on from one channel to the next, wherever warming up has left it.
      assert.ok(delivered.count >= 100 && delivered.count <= 150, `${delivered.count}`)
      const { channels } = await hub.stats()
      const sent = channels.map(({ broadcasted_events: events }) => Number(events))
      assert.equal(
        sent.reduce((a, b) => a + b),
        60,
      )
      assert.equal(channels.length, 4)
      assert.ok(delivered.latency.p50 > 0 && delivered.latency.p50 <= delivered.latency.max)
    })

    it('publishes at the rate and for the time that it is asked to', async () => {
      const { published, delivered } = await run({ events: undefined, duration: 500, rate: 100 })
      assert.equal(published.count, 50)
      assert.equal(delivered.count, 150)
      assert.ok(published.seconds > 0.4, `${published.seconds}`)
    })

    it('lets clients resume all at once, and checks what they get', async () => {
      const { storm, verdict } = await run({
        channels: 2,
        subscribers: 2,
        events: 60,
        storm: 20,
        stormEvents: 25,
      })
      assert.equal(storm?.count, 20)
      assert.equal(storm?.events, 20 * 25)
      assert.equal(verdict.expected, 60 + 20 * 25)
      assert.equal(verdict.ok, true)
    })

    it('sends large events, and asks for no subscriber where none is wanted', async () => {
      const large = await run({ size: 200_000, events: 5 })
      assert.deepEqual([large.delivered.count, large.verdict.ok], [15, true])
      const none = await run({ subscribers: 0, publishers: 2 })
      assert.deepEqual(
        [none.connected.count, none.published.count, none.delivered.count],
        [0, 10, 0],
      )
    })

    it('knows a gap that the hub tells of from a loss in silence', async () => {
      await hub.hub.stop()
      hub = await startHub({ default: { cacheLength: 10 } })
      // The storm resumes from further back than the history goes.
      const { verdict } = await run({ events: 60, publishers: 2, storm: 4, stormEvents: 50 })
      assert.deepEqual([verdict.ok, verdict.lost, verdict.gaps], [true, 0, 4])
      assert.equal(verdict.told, 4 * (50 - 10))
      assert.equal(verdict.affected, 4)
    })

    it('ends when it is told to, with what it has', async () => {
      const interruption = new AbortController()
      const { interrupted, published, verdict } = await bench(
        { ...SMALL, url: hub.url, events: undefined, duration: 600_000, rate: 50 },
        {
          ...HERE,
          signal: interruption.signal,
          onProgress: ({ delivered }) => delivered > 0 && interruption.abort(),
        },
      )
      assert.deepEqual([interrupted, verdict.ok], [true, true])
      assert.ok(published.count > 0)
    })

    it('fails as a whole when the hub refuses', async () => {
      await hub.hub.stop()
      hub = await startHub({ server: { allowUndefinedChannels: false } })
      await assert.rejects(run({}), {
        code: 'HUB_REFUSED',
        message: 'the hub refused: Channel does not exist. (404)',
      })
      await assert.rejects(run({ subscribers: 0 }), { code: 'HUB_REFUSED' })
    })
  })

  it('sees who listens on a port of this machine, and what memory that takes', async function () {
    if (process.platform !== 'linux') {
      process.stderr.write('skipped: only on Linux can that be seen\n')
      this.skip()
    }
    const hub = await startHub()
    assert.deepEqual(listenersOn(hub.port), [process.pid])
    assert.ok(memoryOf([process.pid]) > 10e6)
    const { cost, memory } = await bench({ ...SMALL, url: hub.url, subscribers: 100 }, HERE)
    assert.ok(cost && cost.cpu > 0 && memory && memory.total > 10e6)
    const other = await bench({ ...SMALL, url: hub.url, pid: 2 ** 22 + 1 }, HERE)
    assert.equal(other.cost, null)
    await hub.hub.stop()
    assert.deepEqual(listenersOn(hub.port), [])
  })

  describe('with a server that is not faithful', () => {
    let server: UnfaithfulServer
    afterEach(() => server.stop())

    const verdictOn = async (conduct: Conduct, options: Partial<BenchOptions> = {}) => {
      server = await UnfaithfulServer.start(conduct)
      const url = server.url
      return (await bench({ ...SMALL, ...options, url }, HERE)).verdict
    }
    const NONE = {
      ok: true,
      expected: 30,
      affected: 0,
      lost: 0,
      told: 0,
      duplicated: 0,
      reordered: 0,
      damaged: 0,
      disagreeing: 0,
      gaps: 0,
      reconnects: 0,
      failed: 0,
    }
    const GAP = 'event: ssehub.gap\ndata: {}\n\n'

    it('finds nothing where there is nothing', async () => {
      assert.deepEqual(await verdictOn(({ frame }) => [frame]), NONE)
    })

    it('finds what is lost, in the middle and at the end', async () => {
      const conduct: Conduct = ({ frame }, count) => (count === 5 || count === 10 ? [] : [frame])
      const verdict = await verdictOn(conduct, { timeout: 1000 })
      assert.deepEqual(verdict, { ...NONE, ok: false, lost: 6, affected: 3 })
    })

    it('finds what comes twice', async () => {
      const conduct: Conduct = ({ frame }, count, _before, stream) =>
        count === 10 && stream === 1 ? [frame, frame] : [frame]
      assert.deepEqual(await verdictOn(conduct), { ...NONE, ok: false, duplicated: 1, affected: 1 })
    })

    it('finds what comes too late', async () => {
      const conduct: Conduct = ({ frame }, count, before) => {
        if (count === 5) return []
        return count === 6 ? [frame, before[4]?.frame ?? ''] : [frame]
      }
      assert.deepEqual(await verdictOn(conduct), { ...NONE, ok: false, reordered: 3, affected: 3 })
    })

    it('finds one who sees another order than the others do', async () => {
      const held: string[] = []
      let isSwapped = false
      const conduct: Conduct = ({ id, frame }, _count, _before, stream) => {
        if (stream !== 0 || isSwapped) return [frame]
        if (/-0-\d+$/.test(id)) {
          held.push(frame) // until one of the other publisher can be sent before it
          return []
        }
        isSwapped = held.length > 0
        return [frame, ...held]
      }
      const verdict = await verdictOn(conduct, { publishers: 2, rate: 200 })
      assert.deepEqual([verdict.ok, verdict.disagreeing, verdict.lost], [false, 1, 0])
    })

    it('finds events that are damaged', async () => {
      const conduct: Conduct = ({ frame }, count) => [
        count === 5 ? frame.replace(/xx/, 'xyx') : frame,
      ]
      const verdict = await verdictOn(conduct)
      assert.deepEqual([verdict.ok, verdict.damaged, verdict.affected], [false, 3, 3])
    })

    it('finds what it is told of', async () => {
      const conduct: Conduct = ({ frame }, count) => {
        if (count === 5) return []
        return count === 6 ? [GAP, frame] : [frame]
      }
      assert.deepEqual(await verdictOn(conduct), { ...NONE, told: 3, gaps: 3, affected: 3 })
    })

    it('comes back with its last id when it is cut off', async () => {
      const conduct: Conduct = ({ frame }, count) => (count === 5 ? undefined : [frame])
      const verdict = await verdictOn(conduct, { rate: 100 })
      assert.deepEqual(verdict, { ...NONE, reconnects: 3 })
      assert.deepEqual(
        server.resumed.map((id) => id.slice(6)),
        ['-0-3', '-0-3', '-0-3'],
      )
    })
  })
})
