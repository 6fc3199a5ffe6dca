import assert from 'node:assert/strict'
import { once } from 'node:events'
import { atBest } from '../helpers/at-best.js'
import { type Certificate, makeCertificate } from '../helpers/certificate.js'
import { forWorkers } from '../helpers/for-workers.js'
import { Http2Client, type Http2Exchange } from '../helpers/http2-client.js'
import type { StartedHub } from '../helpers/hub.js'
import { hubOfBlock } from '../helpers/hub-of-block.js'
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
import type { ServedHub } from '../helpers/served-hub.js'
import { sign } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

/** What an attack may send, cost in CPU, and delay others, at most. */
const MOST_BYTES = 3_000_000
const MOST_SECONDS = 3
const MOST_DELAY = 3000

/** What all attacks together may cost in memory, for each process that has connections. */
const MOST_MEMORY = 60_000_000

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

forWorkers('a connection of HTTP/2 that attacks', function (_, workers) {
  this.timeout(60_000)
  let certificate: Certificate
  let hub: ServedHub
  /** Of all of its processes, before anybody attacks. */
  let bytes: number
  let honest: Http2Client
  let stream: Http2Exchange
  let published: number

  before(async () => {
    certificate = await makeCertificate()
  })
  const settings = { server: { workers }, default: { cacheAdapter: 'memory' } }
  const own = hubOfBlock(settings, () => certificate)
  before(async () => {
    hub = own.hub
    if (workers > 1) await hub.logs(() => hub.workers.filter(Boolean).length === workers)
    bytes = await ofAll(residentBytes)
  })
  beforeEach(async () => {
    honest = await Http2Client.connect(hub)
    stream = await honest.subscribe('honest')
    published = 0
  })
  afterEach(() => honest.close())

  const ofAll = async (measure: (pid: number) => Promise<number>) => {
    const all = await Promise.all([hub.pid, ...hub.workers].map(measure))
    return all.reduce((sum, one) => sum + one, 0)
  }

  /** @returns ms from the publishing of an event to its arrival */
  const publish = async (): Promise<number> => {
    const begun = performance.now()
    const { status } = await honest.publish('honest', { data: 'x' })
    assert.equal(status, 200)
    published += 1
    await stream.count(published)
    return performance.now() - begun
  }

  /** Sends all of it; resolves with the share that it cost of what it may, the most of any kind. */
  const send = async (raw: RawHttp2, turns: readonly Buffer[]): Promise<number> => {
    const seconds = await ofAll(cpuSeconds)
    let isSent = false
    const sending = (async () => {
      for (const bytes of turns) {
        if (raw.isClosed) break
        const isTaken = new Promise((resolve) => raw.socket.write(bytes, resolve))
        await Promise.race([isTaken, once(raw.socket, 'close')])
      }
      isSent = true
    })()
    let most = 0
    let slowest = 0
    do {
      slowest = Math.max(slowest, await publish())
      most = Math.max(most, await ofAll(residentBytes))
    } while (!isSent)
    await sending
    const cost = (await ofAll(cpuSeconds)) - seconds
    assert.ok(most - bytes < MOST_MEMORY * workers, `${(most - bytes) / 1e6} MB`)
    return Math.max(cost / MOST_SECONDS, slowest / MOST_DELAY)
  }

  /** @returns how the connection is then */
  const flood = async (turns: readonly Buffer[], reads: boolean): Promise<RawHttp2> => {
    const attacks: RawHttp2[] = []
    const share = await atBest(1, async () => {
      attacks.at(-1)?.close()
      const raw = await RawHttp2.connect(hub)
      attacks.push(raw)
      raw.socket.setMaxListeners(0)
      if (!reads) raw.socket.pause()
      return send(raw, turns)
    })
    assert.ok(share < 1, `${share} of the CPU that it may cost, or of the delay for others`)
    return attacks.at(-1) as RawHttp2
  }

  for (const [what, [isClosed, make]] of Object.entries(FLOODS)) {
    const outcome = isClosed ? 'is closed' : 'costs little'
    it(`by a flood of ${what} ${outcome}, whether it reads or not, and others go on`, async () => {
      const turns: Buffer[] = []
      for (let left = MOST_BYTES; left > 0; left -= turns.at(-1)?.length ?? 0) {
        turns.push(make(turns.length)) // before anybody is timed
      }
      for (const reads of [true, false]) {
        const raw = await flood(turns, reads)
        raw.socket.resume() // else it does not see its end
        if (isClosed) await until(() => raw.isClosed)
        else assert.equal(raw.isClosed, false)
        raw.close()
      }
      await publish()
    })
  }
})

forWorkers('a client of HTTP/2', (startHub) => {
  const key = 'a secret that is long enough for it'
  const claims = { ssehub: { publish: ['test'] } }
  let certificate: Certificate
  let token: string
  let hub: StartedHub
  let client: Http2Client

  before(async () => {
    certificate = await makeCertificate()
    token = await sign(claims, Buffer.from(key), { alg: 'HS256' })
  })

  for (const allowQuery of [false, true]) {
    describe(
      allowQuery ? 'whose token may be in the query' : 'whose token is in the header',
      () => {
        before(async () => {
          const settings = {
            server: { maxConnections: 2 },
            auth: { key, allowQuery },
            default: { publish: 'token', restrictPublish: ['127.0.0.1'] },
            channels: [{ path: 'away', publish: 'public', restrictPublish: ['10.0.0.1'] }],
          }
          hub = await startHub(settings, certificate)
          client = await Http2Client.connect(hub)
        })
        after(async () => {
          client.close()
          await hub.hub.stop()
        })

        const publish = async (path: string, headers = {}) => {
          const answer = await client.fetch({ ...POST, ':path': path, ...headers }, '{"data":"x"}')
          return answer.status
        }

        it('is asked for it as any other', async () => {
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
        })
        if (allowQuery) return

        it('is refused if it names two hosts', async () => {
          const authorization = `Bearer ${token}`
          assert.equal(await publish('/test', { authorization, host: 'hub' }), 200)
          assert.equal(await publish('/test', { authorization, host: 'another' }), 400)
        })

        it('has 250 streams on a connection at most, and counts once for the limit of those', async () => {
          const hasClients = (count: number) =>
            until(async () => {
              const { body } = await client.fetch({ ':path': '/stats' })
              return JSON.parse(body).global.clients === count
            })
          const raw = await RawHttp2.connect(hub)
          for (let index = 0; index < 1000; index += 1) {
            raw.send(request(2 * index + 1, { ':path': '/test' }))
          }
          const resets = () => raw.frames.filter(({ type }) => type === FRAME.reset)
          await until(() => resets().length === 750 || raw.isClosed)
          await hasClients(raw.isClosed ? 0 : 250)
          assert.equal(await publish('/test', { authorization: `Bearer ${token}` }), 200)
          raw.close()
          await hasClients(0)
        })
      },
    )
  }
})
