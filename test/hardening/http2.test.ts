import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type Certificate, makeCertificate } from '../helpers/certificate.js'
import { makeFolder } from '../helpers/folder.js'
import { Http2Client, type Http2Exchange } from '../helpers/http2-client.js'
import { type RunningHub, startHub } from '../helpers/hub.js'
import { cpuSeconds, residentBytes } from '../helpers/process-resources.js'
import {
  FLAG,
  FRAME,
  frame,
  headerBlock,
  RawHttp2,
  request,
  reset,
  settings,
  windowUpdate,
} from '../helpers/raw-http2.js'
import { ServedHub } from '../helpers/served-hub.js'
import { sign } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

/** What an attack may send, cost in memory and in CPU, and delay others, at most. */
const MOST_BYTES = 3_000_000
const MOST_MEMORY = 60_000_000
const MOST_SECONDS = 3
const MOST_DELAY = 3000

const POST = { ':method': 'POST', ':path': '/test', ':scheme': 'https', ':authority': 'hub' }
const GET = { ...POST, ':method': 'GET' }
const PAYLOAD = Buffer.alloc(8)

const many = (count: number, make: (index: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))

/** Streams that are opened and ended by something, a hundred at a time. */
const streams = (turn: number, ending: (stream: number) => Buffer, path = '/test') =>
  many(100, (index) => {
    const stream = 200 * turn + 2 * index + 1
    return Buffer.concat([request(stream, { ':path': path }), ending(stream)])
  })

/** Begins a head that never ends. */
const endless = (turn: number, more: Buffer) =>
  turn === 0 ? frame(FRAME.headers, 0, 1, headerBlock(GET)) : many(100, () => more)

/** What a client sends again and again, and whether it is closed because of that. */
const FLOODS: Readonly<Record<string, readonly [isClosed: boolean, (turn: number) => Buffer]>> = {
  SETTINGS: [true, () => many(1000, () => settings({ 4: 65_535 }))],
  'acks of SETTINGS': [true, () => many(1000, () => frame(FRAME.settings, FLAG.ack))],
  PING: [true, () => many(1000, () => frame(FRAME.ping, 0, 0, PAYLOAD))],
  'acks of PING': [true, () => many(1000, () => frame(FRAME.ping, FLAG.ack, 0, PAYLOAD))],
  CONTINUATION: [
    true,
    (turn) => endless(turn, frame(FRAME.continuation, 0, 1, headerBlock({ a: 'x'.repeat(1000) }))),
  ],
  'empty CONTINUATION': [true, (turn) => endless(turn, frame(FRAME.continuation, 0, 1))],
  'HEADERS and RST_STREAM': [true, (turn) => streams(turn, reset)],
  'HEADERS and a window of nothing': [true, (turn) => streams(turn, (id) => windowUpdate(id, 0))],
  'empty DATA': [
    true,
    (turn) =>
      turn === 0
        ? frame(FRAME.headers, FLAG.endHeaders, 1, headerBlock(POST))
        : many(1000, () => frame(FRAME.data, 0, 1)),
  ],
  WINDOW_UPDATE: [false, () => many(1000, () => windowUpdate(0, 1))],
  PRIORITY: [
    false,
    () => many(1000, () => frame(FRAME.priority, 0, 1, Buffer.from([0, 0, 0, 3, 1]))),
  ],
  'frames of no known type': [false, () => many(1000, () => frame(99, 0, 0, PAYLOAD))],
}

describe('a connection of HTTP/2 that attacks', function () {
  this.timeout(60_000)
  let certificate: Certificate
  let hub: ServedHub
  let honest: Http2Client
  let stream: Http2Exchange
  let published: number
  let clean: () => Promise<void>

  before(async () => {
    certificate = await makeCertificate()
  })
  beforeEach(async () => {
    const { ca, cert, key } = certificate
    const folder = await makeFolder()
    clean = folder.clean
    const settings = { default: { cacheAdapter: 'memory' }, tls: { cert, key } }
    hub = await ServedHub.startWith(settings, folder.folder, [], readFileSync(ca, 'utf8'))
    honest = await Http2Client.connect(hub)
    stream = await honest.subscribe('honest')
    published = 0
  })
  afterEach(async () => {
    honest.close()
    await hub.kill()
    await clean()
  })

  /** @returns ms from the publishing of an event to its arrival */
  const publish = async (): Promise<number> => {
    const begun = performance.now()
    const { status } = await honest.publish('honest', { data: 'x' })
    assert.equal(status, 200)
    published += 1
    await stream.count(published)
    return performance.now() - begun
  }

  /** @returns how the connection is then */
  const flood = async (make: (turn: number) => Buffer, reads: boolean): Promise<RawHttp2> => {
    const [memory, seconds] = [await residentBytes(hub.pid), await cpuSeconds(hub.pid)]
    const raw = await RawHttp2.connect(hub)
    raw.socket.setMaxListeners(0)
    if (!reads) raw.socket.pause()
    let left = MOST_BYTES
    const sending = (async () => {
      for (let turn = 0; left > 0 && !raw.isClosed; turn += 1) {
        const bytes = make(turn)
        left -= bytes.length
        const isTaken = new Promise((resolve) => raw.socket.write(bytes, resolve))
        await Promise.race([isTaken, once(raw.socket, 'close')])
      }
      left = 0
    })()
    let most = 0
    let slowest = 0
    do {
      slowest = Math.max(slowest, await publish())
      most = Math.max(most, await residentBytes(hub.pid))
    } while (left > 0)
    await sending
    const cost = (await cpuSeconds(hub.pid)) - seconds
    assert.ok(most - memory < MOST_MEMORY, `${(most - memory) / 1e6} MB`)
    assert.ok(cost < MOST_SECONDS, `${cost} s of CPU`)
    assert.ok(slowest < MOST_DELAY, `${slowest} ms for others`)
    return raw
  }

  for (const [what, [isClosed, make]] of Object.entries(FLOODS)) {
    const outcome = isClosed ? 'is closed' : 'costs little'
    it(`by a flood of ${what} ${outcome}, whether it reads or not, and others go on`, async () => {
      for (const reads of [true, false]) {
        const raw = await flood(make, reads)
        raw.socket.resume() // else it does not see its end
        if (isClosed) await until(() => raw.isClosed)
        else assert.equal(raw.isClosed, false)
        raw.close()
      }
      await publish()
    })
  }
})

describe('a client of HTTP/2', () => {
  let certificate: Certificate
  let hub: RunningHub
  let client: Http2Client

  before(async () => {
    certificate = await makeCertificate()
  })
  afterEach(async () => {
    client.close()
    await hub.hub.stop()
  })

  const start = async (settings: Parameters<typeof startHub>[0]) => {
    hub = await startHub(settings, {}, certificate)
    client = await Http2Client.connect(hub)
  }

  it('has 250 streams on a connection at most, and counts once for the limit of those', async () => {
    await start({ server: { maxConnections: 2 } })
    const raw = await RawHttp2.connect(hub)
    for (let index = 0; index < 1000; index += 1) {
      raw.send(request(2 * index + 1, { ':path': '/test' }))
    }
    const resets = () => raw.frames.filter(({ type }) => type === FRAME.reset)
    await until(() => resets().length === 750 || raw.isClosed)
    const clients = raw.isClosed ? 0 : 250
    await until(async () => (await hub.hub.stats()).global.clients === clients)
    assert.equal((await client.publish('test', { data: 'x' })).status, 200)
    raw.close()
    await until(async () => (await hub.hub.stats()).global.clients === 0)
  })

  it('is asked for its token as any other: in the header, or in the query where it may be', async () => {
    const key = 'a secret that is long enough for it'
    const claims = { ssehub: { publish: ['test'] } }
    const token = await sign(claims, Buffer.from(key), { alg: 'HS256' })
    for (const allowQuery of [false, true]) {
      await start({
        auth: { key, allowQuery },
        default: { publish: 'token', restrictPublish: ['127.0.0.1'] },
        channels: [{ path: 'away', publish: 'public', restrictPublish: ['10.0.0.1'] }],
      })
      const publish = async (path: string, headers = {}) => {
        const answer = await client.fetch({ ...POST, ':path': path, ...headers }, '{"data":"x"}')
        return answer.status
      }
      assert.deepEqual(
        [
          await publish('/test'),
          await publish('/test', { authorization: `Bearer ${token}` }),
          await publish('/test', { authorization: 'Bearer another' }),
          await publish(`/test?access_token=${token}`),
          await publish('/away', { authorization: `Bearer ${token}` }),
        ],
        [401, 200, 401, allowQuery ? 200 : 401, 403],
      )
      if (!allowQuery) {
        client.close()
        await hub.hub.stop()
      }
    }
  })

  it('is refused if it names two hosts', async () => {
    await start({})
    for (const [headers, status] of [
      [{ host: 'hub' }, 200],
      [{ host: 'another' }, 400],
    ] as const) {
      const answer = await client.fetch({ ...POST, ...headers }, '{"data":"x"}')
      assert.equal(answer.status, status)
    }
  })
})
