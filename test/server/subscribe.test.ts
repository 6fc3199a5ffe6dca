import assert from 'node:assert/strict'
import { once } from 'node:events'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { until } from '../helpers/until.js'

forWorkers('GET /PATH', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub({ server: { pingInterval: 3600 }, default: { cacheLength: 5 } })
    for (const id of [1, 2, 3]) await hub.publish('news', { id, data: `data ${id}` })
  })

  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  it('answers with a stream that nothing on the way may hold back, and :ok', async () => {
    const { head, body } = await hub.subscribe('news')
    const [status, ...headers] = head.split('\r\n')
    assert.equal(status, 'HTTP/1.1 200 OK')
    for (const header of [
      'Content-Type: text/event-stream',
      'Cache-Control: no-cache',
      'X-Accel-Buffering: no',
      'Access-Control-Allow-Origin: *',
    ]) {
      assert.ok(headers.includes(header), header)
    }
    assert.equal(body, ':ok\n\n')
  })

  it('sends an event as soon as it is published', async () => {
    const stream = await hub.subscribe('live')
    const answer = await hub.publish(
      'live',
      '{ "id": 1, "event": "message", "data": "Test message" }',
    )
    assert.deepEqual(await answer.json(), { channel: 'live', id: '1', sequence: 1, subscribers: 1 })
    await stream.count(1)
    assert.equal(stream.body, ':ok\n\nid: 1\nevent: message\ndata: Test message\n\n')
  })

  for (const [what, target, headers] of [
    ['the header', 'news', { 'Last-Event-ID': '2' }],
    ['the header before the query', 'news?lastEventId=1', { 'last-event-id': '2' }],
    ['evs_last_event_id', 'news?evs_last_event_id=2', {}],
    ['lastEventId', 'news?lastEventId=2', {}],
    ['last_event_id', 'news?last_event_id=2', {}],
    ['a name in another case', 'news?LASTEVENTID=2', {}],
    ['evs_last_event_id before lastEventId', 'news?lastEventId=1&evs_last_event_id=2', {}],
    ['an id before getcache', 'news?getcache=1&lastEventId=2', {}],
    ['a query with an empty pair, as polyfills send', 'news?&lastEventId=2', {}],
    ['a percent-encoded value', 'news?lastEventId=%32', {}],
  ] as const) {
    it(`resumes by ${what}`, async () => {
      const stream = await hub.subscribe(target, headers)
      await stream.count(1)
      await hub.publish('news', { data: 'end' })
      await stream.count(2)
      assert.deepEqual(stream.data, ['data 3', 'end'])
    })
  }

  it('shows the whole history with getcache=1, and with nothing else', async () => {
    const stream = await hub.subscribe('news?getcache=1')
    await stream.count(3)
    assert.deepEqual(stream.ids, ['1', '2', '3'])
    const other = await hub.subscribe('news?getcache=yes&lastEventId=')
    await hub.publish('news', { data: 'end' })
    await other.count(1)
    assert.deepEqual(other.data, ['end'])
  })

  it('tells of an id that it does not know, whatever that holds', async () => {
    const stream = await hub.subscribe('news', { 'Last-Event-ID': 'é"\t<x>' })
    const [gap] = await stream.count(4)
    const { requested, reason } = JSON.parse(gap?.data ?? '')
    assert.deepEqual([requested, reason], ['é"\t<x>', 'unknown-id'])
  })

  it('filters by ids and by types, both if both are given', async () => {
    const byType = await hub.subscribe('filtered?filterevent=a&FilterEvent=b')
    const byId = await hub.subscribe('filtered?filterid=1&filterid=3')
    const byBoth = await hub.subscribe('filtered?filterid=3&filterevent=b')
    const untyped = await hub.subscribe('filtered?filterevent=message')
    for (const [id, event] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'b'],
      [4, 'ab'],
      [5, undefined],
    ]) {
      await hub.publish('filtered', { id, event, data: '' })
    }
    await Promise.all([byType.count(3), byId.count(2), byBoth.count(1), untyped.count(1)])
    assert.deepEqual(byType.ids, ['1', '2', '3'])
    assert.deepEqual(byId.ids, ['1', '3'])
    assert.deepEqual(byBoth.ids, ['3'])
    assert.deepEqual(untyped.ids, ['5'])
  })

  for (const query of ['evs_preamble=2056', 'padding=true', 'EVS_Preamble=1']) {
    it(`pads for polyfills that ask with ${query}`, async () => {
      const stream = await hub.subscribe(`news?${query}`)
      await stream.until((body) => body.length > 2000)
      assert.equal(stream.body, `:ok\n\n:${'.'.repeat(2048)}\n\n`)
    })
  }

  it('keeps a silent stream alive', async () => {
    const pinging = await startHub({ server: { pingInterval: 1 } })
    const stream = await pinging.subscribe('silent')
    await stream.until((body) => body.startsWith(':ok\n\n:\n\n'))
    pinging.closeStreams()
    await pinging.hub.stop()
  })

  it('lists a channel that nobody defined only once it has an event', async () => {
    const stream = await hub.subscribe('undefined/channel')
    const isListed = async () =>
      (await hub.stats()).channels.some(({ id }) => id === 'undefined/channel')
    assert.equal(await isListed(), false)
    await hub.publish('undefined%2Fchannel', { data: 'x' })
    await stream.count(1)
    assert.equal(await isListed(), true)
  })

  it('drops what a client sends after its request', async () => {
    const stream = await hub.subscribe('quiet')
    stream.socket.write('POST /quiet HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"a"}')
    stream.socket.write('\0\r\nnonsense')
    await hub.publish('quiet', { data: 'b' })
    await stream.count(1)
    assert.deepEqual(stream.data, ['b'])
    assert.equal(stream.body.includes('HTTP/1.1'), false)
  })

  it('comes after the answers to requests that the client sent before on its connection', async () => {
    const socket = hub.connect()
    const body = '{"data":"x"}'
    socket.write(
      `POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
        'GET /first HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    let text = ''
    while (!text.includes(':ok')) text += String((await once(socket, 'data'))[0])
    socket.destroy()
    assert.match(
      text,
      /^HTTP\/1.1 200 OK\r\n[\s\S]*"sequence":1[\s\S]*HTTP\/1.1 200 OK\r\n[\s\S]*:ok\n\n$/,
    )
  })

  it('takes a target in absolute form', async () => {
    const stream = hub.connect()
    stream.write('GET http://hub.example/news?getcache=1 HTTP/1.1\r\nHost: hub.example\r\n\r\n')
    const [first] = await once(stream, 'data')
    stream.destroy()
    assert.match(String(first), /^HTTP\/1.1 200/)
  })

  it('counts a stream as gone when its client goes, however it goes', async () => {
    const clients = async () =>
      (await hub.stats()).channels.find(({ id }) => id === 'news')?.clients
    const gone = [
      await hub.subscribe('news'),
      await hub.subscribe('news'),
      await hub.subscribe('news'),
    ]
    assert.equal(await clients(), 3)
    gone[0]?.socket.end()
    gone[1]?.socket.destroy()
    gone[2]?.socket.resetAndDestroy()
    await until(async () => (await clients()) === 0)
  })
})

forWorkers('GET of a channel that is not defined', (startHub) => {
  it('is 404 where channels have to be', async () => {
    const hub = await startHub({
      server: { allowUndefinedChannels: false },
      channels: [{ path: 'known' }],
    })
    const unknown = await fetch(`${hub.url}/other`)
    assert.equal(unknown.status, 404)
    assert.deepEqual(await unknown.json(), {
      statusCode: 404,
      error: 'Not Found',
      message: 'Channel does not exist.',
    })
    assert.equal((await hub.publish('other', { data: 'x' })).status, 404)
    await hub.subscribe('known')
    hub.closeStreams()
    await hub.hub.stop()
  })
})
