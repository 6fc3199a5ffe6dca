import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type Certificate, makeCertificate } from '../helpers/certificate.js'
import { makeFolder } from '../helpers/folder.js'
import { Http2Client } from '../helpers/http2-client.js'
import { OpenStream } from '../helpers/open-stream.js'
import { residentBytes } from '../helpers/process-resources.js'
import { MOST_WINDOW, RawHttp2, request } from '../helpers/raw-http2.js'
import { ServedHub } from '../helpers/served-hub.js'
import { until } from '../helpers/until.js'

/** Bytes of an event, and how many. */
const SIZE = 100_000
const EVENTS = 120

/** Bytes by which a hub may grow, of some 2 GB that it is to send to those who do not read. */
const MOST_GROWTH = 150_000_000

/** How a reader does not read. */
const KINDS = {
  /** It has asked by HTTP/1.1, and reads no byte. */
  http1: async (hub: ServedHub) => {
    const stream = new OpenStream(hub.connect(), '/hot')
    await stream.until((body) => body.includes(':ok\n\n'))
    stream.socket.pause()
    return stream
  },
  /** By HTTP/2, and lets the hub send as much as there may ever be. */
  http2: (hub: ServedHub) => stuckStream(hub, MOST_WINDOW),
  /** By HTTP/2, and does not let the hub send more than the first bytes. */
  window: (hub: ServedHub) => stuckStream(hub, 1000),
}

async function stuckStream(hub: ServedHub, window: number): Promise<RawHttp2> {
  const raw = await RawHttp2.connect(hub, window)
  raw.send(request(1, { ':path': '/hot' }))
  await until(() => raw.frames.some(({ payload }) => payload.includes(':ok\n\n')))
  raw.socket.pause()
  return raw
}

describe('readers over TLS that never read', function () {
  this.timeout(60_000)
  let certificate: Certificate
  let hub: ServedHub
  let client: Http2Client
  let good: { count(events: number): Promise<unknown>; ids: readonly (string | undefined)[] }[]
  let bad: { close(): void }[]
  let clean: () => Promise<void>

  before(async () => {
    certificate = await makeCertificate()
  })

  const start = async (server: object) => {
    const { ca, cert, key } = certificate
    const folder = await makeFolder()
    clean = folder.clean
    const settings = {
      server: { stallTimeout: 2, pingInterval: 1, workers: 1, ...server },
      default: { cacheAdapter: 'memory', cacheLength: 10 },
      tls: { cert, key },
    }
    hub = await ServedHub.startWith(settings, folder.folder, [], readFileSync(ca, 'utf8'))
    client = await Http2Client.connect(hub, { settings: { initialWindowSize: MOST_WINDOW } })
    client.session.setLocalWindowSize(MOST_WINDOW)
    good = [await hub.subscribe('hot'), await client.subscribe('hot')]
    bad = []
  }

  afterEach(async () => {
    for (const reader of bad) reader.close()
    client.close()
    await hub.kill()
    await clean()
  })

  const global = async () => (await hub.stats()).global

  /** @returns the most memory that the hub had */
  const publishAll = async () => {
    let most = 0
    for (let id = 1; id <= EVENTS; id += 1) {
      const { status } = await client.publish('hot', { id, data: 'x'.repeat(SIZE) })
      assert.equal(status, 200)
      if (id % 10 === 0) most = Math.max(most, await residentBytes(hub.pid))
    }
    return most
  }

  const checkGood = async () => {
    const ids = Array.from({ length: EVENTS }, (_, index) => `${index + 1}`)
    for (const stream of good) {
      await stream.count(EVENTS)
      assert.deepEqual(stream.ids, ids)
    }
  }

  it('are closed after stallTimeout, and counted; they cost little, and others nothing', async () => {
    await start({})
    const kinds = Object.values(KINDS)
    for (let count = 0; count < 200; count += kinds.length) {
      bad.push(...(await Promise.all(kinds.map((open) => open(hub)))))
    }
    const before = await residentBytes(hub.pid)
    const most = await publishAll()
    await checkGood()
    assert.ok(most - before < MOST_GROWTH, `${(most - before) / 1e6} MB more`)
    // What the system takes for one that does not read the hub cannot know of: it may be much.
    while ((await global()).channel_stalled_clients < bad.length) {
      await client.publish('hot', { data: 'x'.repeat(SIZE) })
    }
    const { clients, cut_slow_clients: cut } = await global()
    assert.deepEqual([clients, cut], [good.length, 0])
  })

  for (const [kind, open] of Object.entries(KINDS)) {
    const isShared = kind === 'window' // what is not encrypted yet all of them share
    const title = isShared ? 'are let be while they share what they hold' : 'are cut off sooner'
    it(`${title} with a low maxPendingBytes (${kind})`, async () => {
      await start({ maxPendingBytes: 20 * SIZE, stallTimeout: 60 })
      bad.push(...(await Promise.all(Array.from({ length: 30 }, () => open(hub)))))
      await publishAll()
      await checkGood()
      // As above: what the system takes may be much.
      while (!isShared && (await global()).cut_slow_clients < 8) {
        await client.publish('hot', { data: 'x'.repeat(SIZE) })
      }
      const { clients, cut_slow_clients: cut } = await global()
      assert.equal(clients, good.length + bad.length - cut)
      if (isShared) assert.equal(cut, 0)
    })
  }
})
