import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { resolveConfig } from '../../src/config/resolve.js'
import { noRequests } from '../../src/counts.js'
import { answerBrokenRequest } from '../../src/server/broken-request.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import type { Answer } from '../helpers/hub-client.js'
import { bufferBytes } from '../helpers/memory.js'
import { until } from '../helpers/until.js'

/** One test for each attack or accident; what it would break is its name. */
forWorkers('hardening', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub()
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  /** As it is: fetch would take dots out of a path. */
  const publishRaw = async (path: string): Promise<Answer> => {
    const head = `POST /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 19\r\n`
    const answer = await hub.raw(`${head}\r\n{"id":1,"data":"x"}`)
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
  }

  it('no line end in id, event or retry becomes a field of the stream', async () => {
    const stream = await hub.subscribe('injection')
    for (const end of ['\n', '\r', '\r\n', '\0', '\u2028\n']) {
      const forged = `1${end}data: forged${end}${end}`
      for (const field of ['id', 'event', 'retry']) {
        const answer = await hub.publish('injection', { data: 'x', [field]: forged })
        assert.equal(answer.status, 400, `${JSON.stringify(end)} in ${field}`)
      }
    }
    await hub.publish('injection', { data: 'end' })
    await stream.count(1)
    assert.equal(stream.body, ':ok\n\ndata: end\n\n')
  })

  it('no line end in data ends the event or begins a field', async () => {
    const stream = await hub.subscribe('data')
    const data = 'a\rid: 9\r\nevent: forged\n\nretry: 1\r\r:c'
    await hub.publish('data', { data })
    await stream.count(1)
    assert.deepEqual(stream.events, [
      { id: undefined, event: undefined, data: data.replace(/\r\n|\r/g, '\n') },
    ])
    const lines = stream.body
      .slice(':ok\n\n'.length)
      .trimEnd()
      .split(/\r\n|\r|\n/)
    assert.ok(lines.every((line) => line.startsWith('data: ')))
  })

  it('no type of an event can pass for the gap event by its id', async () => {
    const stream = await hub
      .subscribe('gap', { 'Last-Event-ID': '"}\n\nevent: forged\ndata: {"a":"' })
      .catch(() => undefined)
    assert.equal(stream, undefined, 'Node refuses a header with line ends')
    const encoded = encodeURIComponent('"}\n\nevent: forged\ndata: {"a":"')
    const byQuery = await hub.subscribe(`gap?lastEventId=${encoded}`)
    const [gap] = await byQuery.count(1)
    assert.equal(gap?.event, 'ssehub.gap')
    assert.equal(byQuery.body.includes('event: forged'), true, 'inside of the JSON only')
    assert.equal(byQuery.events.length, 1)
  })

  for (const name of [
    '..',
    '../../etc/passwd',
    '__proto__',
    'constructor',
    'a:b/{c}*',
    'é',
    'e\u0301',
    'Stats',
    'stats/',
    ' ',
    '\u{1f600}'.repeat(128),
    'x'.repeat(128),
  ]) {
    it(`the channel ${JSON.stringify(name.slice(0, 20))} is a name like any other`, async () => {
      const path = encodeURIComponent(name)
      const stream = await hub.subscribe(path)
      const answer = await publishRaw(path)
      assert.equal(answer.channel, name)
      assert.equal(answer.sequence, 1)
      await stream.count(1)
    })
  }

  for (const [what, path] of [
    ['129 characters', 'x'.repeat(129)],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['a NUL', 'a%00b'],
    ['a line end', 'a%0d%0ab'],
    ['a C1 control character', 'a%c2%85b'],
    ['an escape that is none', 'a%zz'],
    ['bytes that are not UTF-8', '%ff'],
    ['the prefix of the hub', '%2d%2fx'],
  ] as const) {
    it(`a channel name with ${what} is 400 to readers and publishers, and makes no channel`, async () => {
      const before = (await hub.stats()).global.channels
      assert.equal((await fetch(`${hub.url}/${path}`)).status, 400)
      assert.equal((await hub.publish(path, { data: 'x' })).status, 400)
      assert.equal((await hub.stats()).global.channels, before)
    })
  }

  it('names that only look alike are different channels', async () => {
    for (const names of [
      ['caf\u00e9', 'cafe\u0301'],
      ['News', 'news'],
      ['a', 'a/'],
    ]) {
      const streams = await Promise.all(
        names.map((name) => hub.subscribe(encodeURIComponent(name))),
      )
      for (const name of names) await hub.publish(encodeURIComponent(name), { data: name })
      for (const [index, stream] of streams.entries()) {
        await stream.count(1)
        assert.deepEqual(stream.data, [names[index]])
      }
    }
  })

  it('ids that no event had are gaps: 0, one to come, a number in another form', async () => {
    for (const id of [1, 2]) await hub.publish('numbers', { id, data: '' })
    for (const id of ['0', '3', '01', '1.0', '+1']) {
      const stream = await hub.subscribe('numbers', { 'Last-Event-ID': id })
      const [gap] = await stream.count(3)
      assert.equal(JSON.parse(gap?.data ?? '').reason, 'unknown-id', id)
    }
    const stream = await hub.subscribe('numbers', { 'Last-Event-ID': '1' })
    await stream.count(1)
    assert.deepEqual(stream.ids, ['2'])
  })

  it('no retry can make clients storm the hub, or never come back', async () => {
    const stream = await hub.subscribe('retry')
    for (const retry of [0, 1, 99_999_999_999]) await hub.publish('retry', { data: 'x', retry })
    await stream.count(3)
    const retries = [...stream.body.matchAll(/^retry: (.*)$/gm)].map(([, value]) => Number(value))
    assert.deepEqual(retries, [500, 500, 3_600_000])
  })

  it('no id can keep a client from coming back', async () => {
    for (const id of ['é', '\u2026', '\x7f', ' a', 'a ', 'x'.repeat(129), 'x'.repeat(8000)]) {
      assert.equal((await hub.publish('ids', { data: 'x', id })).status, 400, id.slice(0, 10))
    }
    assert.equal((await hub.publish('ids', { data: 'x', id: '~'.repeat(128) })).status, 200)
  })

  it('what is not HTTP is answered and counted, and ends nothing else', async () => {
    const stream = await hub.subscribe('others')
    const before = (await hub.stats()).global
    assert.match(await hub.raw('nonsense\r\n\r\n'), /^HTTP\/1.1 400 Bad Request\r\n/)
    assert.match(
      await hub.raw(`GET /x HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1.1 431 /,
    )
    const smuggled =
      'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    assert.match(await hub.raw(smuggled), /^HTTP\/1.1 400 /)
    assert.match(
      await hub.raw(
        'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      ),
      /^HTTP\/1.1 400 /,
    )
    const after = (await hub.stats()).global
    assert.equal(after.invalid_http_req, before.invalid_http_req + 3)
    assert.equal(after.oversized_http_req, before.oversized_http_req + 1)
    await hub.publish('others', { data: 'still here' })
    await stream.count(1)
  })

  it('requests sent behind that for a stream are not taken', async () => {
    const socket = hub.connect()
    const publish = 'POST /behind HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"data":"a"}'
    socket.write(`GET /behind HTTP/1.1\r\nHost: x\r\n\r\n${publish}${publish}`)
    const stream = await hub.subscribe('behind')
    await until(async () => (await hub.stats()).channels.length > 0)
    await hub.publish('behind', { data: 'b' })
    await stream.count(1)
    socket.destroy()
    assert.deepEqual(stream.data, ['b'])
  })

  it('clients that go in the middle of anything end nothing else', async () => {
    const stream = await hub.subscribe('abort')
    const head = 'POST /abort HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"data":'
    for (let cut = 1; cut <= head.length; cut += 7) {
      const socket = hub.connect()
      await new Promise<void>((sent) => socket.write(head.slice(0, cut), () => sent()))
      socket.resetAndDestroy()
    }
    await hub.publish('abort', { data: 'x' })
    await stream.count(1)
    assert.deepEqual(stream.data, ['x'])
  })

  it('a reader that never reads holds nothing but its cursor, and nobody else', async () => {
    const slow = hub.connect()
    slow.pause()
    slow.write('GET /hot HTTP/1.1\r\nHost: x\r\n\r\n')
    const good = await hub.subscribe('hot')
    const data = 'x'.repeat(100_000)
    const before = bufferBytes()
    for (let count = 1; count <= 300; count += 1) {
      await hub.publish('hot', { data })
      await good.count(count)
    }
    // Buffers go some time after the last reference to them: this ends when they are gone.
    await until(() => bufferBytes() - before <= 10_000_000)
    slow.destroy()
    assert.equal(good.events.length, 300)
  })
})

describe('hardening', () => {
  it('no time-out of HTTP writes an answer into a stream', async () => {
    const taken = new WeakSet<Socket>()
    const counters = noRequests()
    const { config } = resolveConfig({}, 'test')
    const server = createServer(async (socket) => {
      const error = Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
      taken.add(socket)
      answerBrokenRequest(error, socket, { config, counters, taken })
      await new Promise(setImmediate)
      taken.delete(socket)
      socket.write('as a stream nothing, ')
      answerBrokenRequest(error, socket, { config, counters, taken })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect(port, '127.0.0.1')
    let text = ''
    for await (const chunk of client) text += chunk
    server.close()
    assert.match(text, /^as a stream nothing, HTTP\/1.1 408 /)
  })
})
