import { HubOfTest } from '../helpers/hub-of-test.js'
import { until } from '../helpers/until.js'

describe('the limits of a hub with workers', function () {
  this.timeout(60_000)
  const own = new HubOfTest()

  it('let connections in again when a worker has died with those that it had', async () => {
    const hub = await own.startWith({ server: { workers: 2, maxConnectionsPerIp: 4 } })
    await hub.logs(() => hub.workers.filter(Boolean).length === 2)
    const clients = async () => (await hub.statsOnce()).global.clients
    for (let count = 0; count < 4; count += 1) await hub.subscribe('test')
    const refused = await hub.subscribe('test')
    await refused.end()
    process.kill(hub.workers[0] as number, 'SIGKILL')
    await until(async () => (await clients()) < 4)
    for (let count = await clients(); count < 4; count += 1) await hub.subscribe('test')
    await until(async () => (await clients()) === 4)
  })
})
