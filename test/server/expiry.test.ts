import assert from 'node:assert/strict'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import { until } from '../helpers/until.js'

for (const cacheAdapter of ['memory', 'leveldb']) {
  describe(`events in ${cacheAdapter} that have become too old`, () => {
    let hub: RunningHub
    let clean: () => Promise<void>
    let now: number
    let storageDir: string

    const start = async () => {
      const defaults = { cacheAdapter, cacheTtl: 60 }
      const settings = { default: defaults, leveldb: { storageDir } }
      hub = await startHub(settings, { now: () => now })
    }
    const history = async () => {
      const answer = await fetch(`${hub.url}/-/history/test`)
      const { events } = (await answer.json()) as { events: { id: string }[] }
      return events.map(({ id }) => id)
    }

    beforeEach(async () => {
      ;({ folder: storageDir, clean } = await makeFolder())
      now = 1_000_000
      await start()
      for (const id of [1, 2, 3]) {
        await hub.publish('test', { id, data: `${id}` })
        now += 10_000
      }
    })

    afterEach(async () => {
      hub.closeStreams()
      await hub.hub.stop()
      await clean()
    })

    it('are a gap to whoever resumes from before them', async () => {
      now += 45_000 // 3 is 55 seconds old
      const stream = await hub.subscribe('test', { 'Last-Event-ID': '1' })
      await stream.count(2)
      assert.deepEqual(JSON.parse(stream.data[0] as string), {
        channel: 'test',
        requested: '1',
        oldest: '3',
        newest: '3',
        reason: 'evicted',
      })
      assert.deepEqual(stream.ids, [undefined, '3'])
    })

    it('are none to whoever has seen them all', async () => {
      now += 100_000
      const stream = await hub.subscribe('test', { 'Last-Event-ID': '3' })
      await hub.publish('test', { id: 4, data: '4' })
      await stream.count(1)
      assert.deepEqual(stream.ids, ['4'])
    })

    it('are not shown as history, also not after others were, and are counted', async () => {
      assert.deepEqual(await history(), ['1', '2', '3'])
      const before = await hub.subscribe('test?getcache=1')
      await before.count(3)
      now += 41_000
      assert.deepEqual(await history(), ['3'])
      const stream = await hub.subscribe('test?getcache=1')
      await stream.count(1)
      assert.deepEqual(stream.ids, ['3'])
      assert.equal((await hub.stats()).global.evicted_by_age, 2)
    })

    it('go from memory and disk with time alone', async () => {
      now += 100_000
      await until(async () => (await hub.stats()).channels[0]?.cached_events === 0)
      const { channels } = await hub.stats()
      assert.deepEqual([channels[0]?.cached_bytes, channels[0]?.evicted_by_age], [0, 3])
      if (cacheAdapter === 'memory') return
      await hub.hub.stop()
      now = 1_000_000 // were they there, they would not be too old
      await start()
      assert.deepEqual(await history(), [])
    })
  })
}

forWorkers('the age of events', (start, workers) => {
  let hub: StartedHub

  before(async () => {
    hub = await start({ default: { cacheTtl: 1 } })
  })
  after(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('is judged alike, whoever is asked', async () => {
    // All processes have the channel, and those who resume come to all of them.
    const open = (id?: string) =>
      Promise.all(
        Array.from({ length: 3 * workers }, () =>
          hub.subscribe('test', id === undefined ? {} : { 'Last-Event-ID': id }),
        ),
      )
    const streams = await open()
    for (const id of [1, 2]) await hub.publish('test', { id, data: `${id}` })
    for (const stream of streams) await stream.count(2)
    await until(async () => (await hub.stats()).channels[0]?.cached_events === 0)
    await hub.publish('test', { id: 3, data: '3' })
    for (const stream of await open('1')) {
      const [gap] = await stream.count(1)
      const { requested, reason } = JSON.parse(gap?.data ?? '')
      assert.deepEqual([gap?.event, requested, reason], ['ssehub.gap', '1', 'evicted'])
    }
    for (const stream of streams) await stream.count(3)
    assert.ok((await hub.stats()).global.evicted_by_age >= 2)
  })
})
