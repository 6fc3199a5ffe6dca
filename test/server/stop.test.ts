import assert from 'node:assert/strict'
import { once } from 'node:events'
import { resolveConfig } from '../../src/config/resolve.js'
import { createHub } from '../../src/hub.js'
import { atBest } from '../helpers/at-best.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { until } from '../helpers/until.js'

forWorkers('a hub that stops', (startHub) => {
  it('ends streams with all they are owed and a jittered retry', async () => {
    const hub = await startHub()
    const streams = await Promise.all([1, 2, 3, 4].map(() => hub.subscribe('test')))
    const published = hub.publish('test', { id: 1, data: 'x' })
    await published
    await hub.hub.stop()
    const retries = new Set<number>()
    for (const stream of streams) {
      await stream.end()
      const [, retry] = /^:ok\n\nid: 1\ndata: x\n\nretry: (\d+)\n\n$/.exec(stream.body) ?? []
      retries.add(Number(retry))
    }
    assert.ok(retries.size > 1, 'not all come back at once')
    for (const retry of retries) assert.ok(retry >= 1000 && retry <= 5000, `${retry}`)
  })

  it('finishes a publish whose body is under way', async () => {
    const hub = await startHub()
    const stream = await hub.subscribe('test')
    const socket = await hub.beginPublish('test', 12)
    socket.write('{"data"')
    const stopped = hub.hub.stop()
    socket.write(':"x"}')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1.1 200 OK/)
    await stopped
    await stream.end()
    assert.deepEqual(stream.data, ['x'])
  })

  it('sends new subscribers away with a 200 and a retry, new publishers with a 503', async () => {
    const hub = await startHub()
    const busy = await hub.beginPublish('test', 12)
    const stopped = hub.hub.stop() // waits for the busy one
    const stream = await hub.subscribe('test')
    await stream.end()
    assert.match(stream.head, /^HTTP\/1.1 200 OK/)
    assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
    const refused = await hub.publish('test', { data: 'x' })
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '1')
    busy.destroy()
    await stopped
  })

  it('does not wait for ever for a client that does not read or does not end', async () => {
    const hub = await startHub()
    const stuck = hub.connect()
    stuck.pause()
    stuck.write('GET /test HTTP/1.1\r\nHost: x\r\n\r\n')
    const halfOpen = await hub.beginPublish('test', 12)
    await until(async () => (await hub.stats()).global.clients === 1)
    for (let count = 0; count < 100; count += 1) {
      await hub.publish('test', { data: 'x'.repeat(100_000) })
    }
    const started = performance.now()
    await hub.hub.stop()
    assert.ok(performance.now() - started < 10_000)
    stuck.destroy()
    halfOpen.destroy()
  })

  it('does not wait for publishers that went away in the middle of a body', async () => {
    const took = await atBest(1000, async () => {
      const hub = await startHub()
      for (let count = 0; count < 5; count += 1) {
        const socket = await hub.beginPublish('test', 100)
        socket.write('{"data"')
        socket.resetAndDestroy()
      }
      const idle = await hub.subscribe('test')
      await until(async () => (await hub.stats()).global.clients === 1)
      const started = performance.now()
      await hub.hub.stop()
      const stopped = performance.now()
      await idle.end()
      return stopped - started
    })
    assert.ok(took < 1000, `${took} ms, though it has nothing to wait for`)
  })

  it('gives a reader that is behind all that it is owed, if it reads', async () => {
    const hub = await startHub()
    const stream = await hub.subscribe('test')
    stream.socket.pause()
    for (let id = 1; id <= 60; id += 1) {
      await hub.publish('test', { id, data: 'x'.repeat(100_000) })
    }
    const stopped = hub.hub.stop()
    stream.socket.resume()
    await stopped
    await stream.end()
    assert.deepEqual(
      stream.ids,
      Array.from({ length: 60 }, (_, index) => `${index + 1}`),
    )
    assert.match(stream.body, /retry: \d+\n\n$/)
  })

  it('sends those away with a retry who come while it stops, at whatever moment', async () => {
    const { folder, clean } = await makeFolder()
    const hub = await startHub({
      default: { cacheAdapter: 'leveldb' },
      leveldb: { storageDir: folder },
    })
    const coming = Array.from({ length: 40 }, (_, n) =>
      hub.subscribe(`new-${n}`).catch(() => undefined),
    )
    await hub.stats()
    await hub.hub.stop()
    for (const stream of await Promise.all(coming)) {
      if (!stream) continue // its connection was refused: EventSource tries that again
      await stream.end()
      assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
    }
    await clean()
  })

  it('does not start on a port that is taken, and says what to do', async () => {
    const hub = await startHub()
    await assert.rejects(startHub({ server: { port: hub.port } }), {
      code: 'ADDRESS_UNAVAILABLE',
      message: /port \d+.*--port/,
    })
    await hub.hub.stop()
  })
})

describe('a hub', () => {
  it('can be stopped while it starts, and starts but once', async () => {
    const { config } = resolveConfig({ server: { port: 0 } }, 'the test', { env: {} })
    const hub = createHub(config)
    const started = hub.start()
    await hub.stop()
    await started.catch(() => {})
    assert.throws(() => hub.url, { code: 'ADDRESS_UNAVAILABLE' })
    await assert.rejects(hub.start(), { code: 'HUB_STOPPING' })
  })
})
