import assert from 'node:assert/strict'
import { makeFolder } from '../helpers/folder.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

describe('the limits of a hub with workers', function () {
  this.timeout(60_000)
  let folder: string
  let clean: () => Promise<void>
  let hub: ServedHub

  const start = async (server: object) => {
    ;({ folder, clean } = await makeFolder())
    hub = await ServedHub.startWith({ server: { workers: 2, ...server } }, folder)
    await hub.logs(() => hub.workers.filter(Boolean).length === 2)
  }
  /** On a connection of its own, which is not kept. */
  const global = async () => {
    const answer = await hub.raw('GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).global
  }
  const has = (figures: Record<string, number>) =>
    until(async () => {
      const found = await global()
      return Object.entries(figures).every(([name, figure]) => found[name] === figure)
    })

  afterEach(async () => {
    await hub.kill()
    await clean()
  })

  it('hold for all of its processes together', async () => {
    await start({ maxConnections: 5 })
    const streams = await Promise.all(
      Array.from({ length: 5 }, (_, index) => hub.subscribe(`channel-${index % 2}`)),
    )
    for (let count = 0; count < 4; count += 1) {
      const stream = await hub.subscribe('test')
      await stream.end()
      assert.match(stream.body, /\(server\.maxConnections\)\n\nretry: \d+\n\n$/)
    }
    const post = 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"x"}'
    assert.match(await hub.raw(post), /^HTTP\/1.1 429 [\s\S]*\(server\.maxConnections\)/)
    streams[0]?.close()
    await has({ connections: 5, clients: 4 }) // with the one that asks
    await hub.subscribe('test')
    assert.ok((await global()).refused_connections >= 5)
  })

  it('let connections in again when a worker has died with those that it had', async () => {
    await start({ maxConnectionsPerIp: 4 })
    for (let count = 0; count < 4; count += 1) await hub.subscribe('test')
    const refused = await hub.subscribe('test')
    await refused.end()
    process.kill(hub.workers[0] as number, 'SIGKILL')
    await until(async () => (await global()).clients < 4)
    const { clients } = await global()
    for (let count = clients; count < 4; count += 1) await hub.subscribe('test')
    await has({ clients: 4 })
  })

  it('count readers behind a trusted proxy wherever they are', async () => {
    await start({ maxConnectionsPerIp: 2, trustedProxies: ['127.0.0.1'] })
    const from = (address: string) => hub.subscribe('test', { 'X-Forwarded-For': address })
    const streams = await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.1'].map(from))
    for (const address of ['192.0.2.1', '192.0.2.1']) {
      const stream = await from(address)
      await stream.end()
      assert.match(stream.body, /\(server\.maxConnectionsPerIp\)/)
    }
    streams[0]?.close()
    await has({ clients: 2 })
    await from('192.0.2.1')
    await has({ clients: 3 })
  })
})
