import assert from 'node:assert/strict'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { unreadBytes } from '../helpers/unread-bytes.js'
import { until } from '../helpers/until.js'

const HOUR = 3_600_000

for (const [where, jump] of [
  ['back', -HOUR],
  ['ahead', HOUR],
] as const) {
  describe(`a clock that is set ${where} by an hour`, () => {
    let hub: RunningHub
    let now: number
    let elapsed: number

    beforeEach(async () => {
      now = 1_700_000_000_000
      elapsed = 0
      const server = { pingInterval: 5, stallTimeout: 10, publishRatePerIp: 2 }
      const clocks = { now: () => now, elapsed: () => elapsed }
      hub = await startHub({ server, default: { cacheLength: 10 } }, clocks)
    })
    afterEach(async () => {
      hub.closeStreams()
      await hub.hub.stop()
    })

    it('keeps nobody from the pings that are due, and brings none that are not', async () => {
      const stream = await hub.subscribe('test')
      now += jump
      await hub.publish('test', { id: 1, data: 'x' })
      await stream.count(1)
      assert.equal(stream.body, ':ok\n\nid: 1\ndata: x\n\n')
      for (let pings = 1; pings <= 2; pings += 1) {
        elapsed += 5000
        await stream.until((body) => body.endsWith(`x\n\n${':\n\n'.repeat(pings)}`))
      }
    })

    it('closes no stalled reader before its time, and none later', async () => {
      const stuck = await hub.subscribe('test')
      stuck.socket.pause()
      const { global } = hub.hub.stats()
      assert.equal(global.clients, 1)
      const much = 10_000_000 + 2 * (await unreadBytes())
      for (let sent = 0; sent < much; sent += 100_000) {
        await hub.hub.publish('test', { data: 'x'.repeat(100_000) })
      }
      now += jump
      elapsed += 9000
      await hub.hub.publish('test', { data: 'x' })
      assert.equal(hub.hub.stats().global.clients, 1)
      await until(() => {
        elapsed += 500
        return hub.hub.stats().global.channel_stalled_clients === 1
      })
    })

    it('lets publishers go on as fast as they may', async () => {
      const publish = async () => (await hub.publish('test', { data: 'x' })).status
      assert.deepEqual([await publish(), await publish(), await publish()], [200, 200, 429])
      now += jump
      assert.equal(await publish(), 429)
      elapsed += 1000
      assert.deepEqual([await publish(), await publish(), await publish()], [200, 200, 429])
    })

    it('numbers events on, and shows up in no uptime', async () => {
      await hub.publish('test', { id: 1, data: 'x' })
      now += jump
      elapsed += 61_000
      await hub.publish('test', { id: 2, data: 'y' })
      const resumed = await hub.subscribe('test', { 'Last-Event-ID': '1' })
      await resumed.count(1)
      assert.deepEqual(resumed.ids, ['2'])
      assert.equal(hub.hub.stats().global.uptime, '00:01:01')
    })
  })
}
