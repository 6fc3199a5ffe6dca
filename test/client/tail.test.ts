import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TailEvent } from '../../src/client/follower.js'
import { type TailOptions, tail } from '../../src/client/tail.js'
import { FakeHub } from '../helpers/fake-hub.js'

describe('a tail', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const take = async (channel: string, count: number, options: TailOptions = {}) => {
    const events: TailEvent[] = []
    for await (const event of tail(hub.url, channel, options)) {
      events.push(event)
      if (events.length === count) break
    }
    return events
  }

  it('shows events of every type, with and without an id', async () => {
    assert.deepEqual(await take('three', 3), [
      { id: '1', event: 'message', data: 'one' },
      { id: null, event: 'note', data: 'two' },
      { id: '3', event: 'message', data: 'thr\nee' },
    ])
  })

  it('shows events whose type is one that EventSource uses itself', async () => {
    const types = (await take('odd-types', 4)).map(({ event }) => event)
    assert.deepEqual(types, ['open', 'error', 'message', 'ping'])
  })

  it('reads no faster than its events are taken', async () => {
    let sent = 0
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).on('drain', send)
      send()
      function send() {
        sent += 1
        const hasRoom = response.write(`id: ${sent}\ndata: ${'x'.repeat(100_000)}\n\n`)
        if (hasRoom) setImmediate(send)
      }
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const events = tail(`http://127.0.0.1:${port}`, 'test')
    assert.equal((await events.next()).value?.id, '1')
    // The system itself holds some MB, which it may; then nothing more can be sent.
    for (let turns = 0, before = sent; turns < 200; turns += 1) {
      await new Promise(setImmediate)
      if (sent > before) turns = 0
      before = sent
      assert.ok(sent < 5000, 'it reads on and on')
    }
    const behind = sent
    for (let id = 2; id <= behind + 50; id += 1) {
      assert.equal((await events.next()).value?.id, `${id}`)
    }
    await events.return()
    server.closeAllConnections()
    server.close()
  })

  it('passes keep-alive events over, unless it is asked for them', async () => {
    assert.deepEqual(await take('pings', 1), [{ id: null, event: 'message', data: 'one' }])
    const [ping] = await take('pings', 1, { events: ['ping'] })
    assert.deepEqual(ping, { id: null, event: 'ping', data: '' })
  })

  it('tells the hub on its first connect what it wants to see, and from where', async () => {
    await take('three', 1, { lastId: 'más', events: ['a b', 'c'], ids: ['1&2'], all: true })
    const [call] = hub.calls
    assert.equal(call?.url, '/three?getcache=1&filterevent=a+b&filterevent=c&filterid=1%262')
    assert.equal(Buffer.from(call?.headers['last-event-id'] as string, 'latin1').toString(), 'más')
  })

  it('asks for nothing of the past by itself', async () => {
    await take('three', 1)
    assert.equal(hub.calls[0]?.url, '/three')
    assert.equal(hub.calls[0]?.headers['last-event-id'], undefined)
  })

  it('goes on from its last id when the stream ends', async () => {
    const ids = (await take('ends-after-one', 3, { lastId: '7' })).map(({ id }) => id)
    assert.deepEqual(ids, ['8', '9', '10'])
  })

  it('remembers its last id past events without one', async () => {
    const watch = tail(hub.url, 'three')
    for (const id of ['1', null, '3']) assert.equal((await watch.next()).value?.id, id)
    await hub.stop()
    hub = await FakeHub.start(hub.port)
    await watch.next()
    assert.equal(hub.calls[0]?.headers['last-event-id'], '3')
    await watch.return()
  })

  it('goes on after a restart of the hub, and says so', async () => {
    const notices: string[] = []
    const watch = tail(hub.url, 'counter', { onNotice: (message) => notices.push(message) })
    assert.equal((await watch.next()).value?.id, '1')
    await hub.stop()
    hub = await FakeHub.start(hub.port)
    assert.equal((await watch.next()).value?.id, '2')
    await watch.return()
    assert.equal(notices[0], 'connection lost, trying again')
    assert.equal(notices.at(-1), 'connected again, going on after id 1')
  })

  it('goes on when a proxy answers in the place of the hub for a while', async () => {
    const notices: string[] = []
    const onNotice = (message: string) => notices.push(message)
    const ids = (await take('proxied-for-a-while', 2, { onNotice })).map(({ id }) => id)
    assert.deepEqual(ids, ['1', '2'])
    assert.equal(hub.calls.length, 4)
    assert(notices.includes('trying again: the hub failed: Service Unavailable (503)'))
  })

  it('goes on when it is one too many for a while', async () => {
    const notices: string[] = []
    const onNotice = (message: string) => notices.push(message)
    const ids = (await take('busy-for-a-while', 2, { onNotice })).map(({ id }) => id)
    assert.deepEqual(ids, ['1', '2'])
    assert(notices.includes('trying again: the hub refused: too many at once (429)'))
  })

  it('fails at once when its first connect does', async () => {
    await assert.rejects(take('proxied', 1), { code: 'HUB_FAILED' })
    await assert.rejects(take('not-a-stream', 1), { code: 'HUB_FAILED', message: /event stream/ })
    await hub.stop()
    await assert.rejects(take('three', 1), { code: 'HUB_UNREACHABLE' })
  })

  it('fails when the hub refuses, then or later', async () => {
    const code = 'HUB_REFUSED'
    await assert.rejects(take('none', 1), { code, message: /Channel does not exist/ })
    await assert.rejects(take('deleted-later', 2), { code, message: /it was deleted/ })
  })

  it('fails once when the hub refuses, however late that is taken, and asks no more', async () => {
    const watch = tail(hub.url, 'deleted-later')
    assert.equal((await watch.next()).value?.id, '1')
    await hub.waitForCalls('/deleted-later', 2)
    await take('ends-after-one', 4) // meanwhile it would have tried again, more than once
    await assert.rejects(watch.next(), { code: 'HUB_REFUSED', message: /it was deleted/ })
    assert.equal(hub.callsTo('/deleted-later').length, 2)
  })

  it('ends when its signal says so, also before it has begun', async () => {
    const given = new AbortController()
    const end = take('silent', 1, { signal: given.signal })
    await hub.waitForCalls('/silent', 1)
    given.abort()
    assert.deepEqual(await end, [])
    assert.deepEqual(await take('three', 1, { signal: given.signal }), [])
  })

  it('ends while it still waits for an answer', async () => {
    const given = new AbortController()
    const end = take('hangs', 1, { signal: given.signal })
    await hub.waitForCalls('/hangs', 1)
    given.abort()
    assert.deepEqual(await end, [])
  })

  it('refuses a last id that no request can carry', async () => {
    await assert.rejects(take('three', 1, { lastId: 'a\nb' }), { code: 'INVALID_EVENT' })
  })
})
