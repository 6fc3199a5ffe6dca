import assert from 'node:assert/strict'
import { once } from 'node:events'
import { startHub } from '../helpers/hub.js'

describe('a hub that stops', () => {
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
    const socket = hub.connect()
    socket.write(
      'POST /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{"data"',
    )
    await hub.stats() // by then it has read the head
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
    const busy = hub.connect()
    busy.write('POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n')
    await hub.stats()
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
    const halfOpen = hub.connect()
    halfOpen.write('POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n')
    while ((await hub.stats()).global.clients < 1) await new Promise(setImmediate)
    for (let count = 0; count < 100; count += 1) {
      await hub.publish('test', { data: 'x'.repeat(100_000) })
    }
    await hub.hub.stop()
    stuck.destroy()
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
