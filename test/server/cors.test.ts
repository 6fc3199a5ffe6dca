import assert from 'node:assert/strict'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { SECRET } from '../helpers/tokens.js'

const ALLOW = 'access-control-allow-origin'
const CREDENTIALS = 'access-control-allow-credentials'

forWorkers('CORS', (startHub) => {
  let hub: StartedHub

  before(async () => {
    hub = await startHub({
      server: { allowUndefinedChannels: false },
      channels: [
        { path: 'open' },
        { path: 'closed', restrictPublish: [] },
        { path: 'some', allowedOrigins: ['https://some.host', 'http://a:8080'] },
        { path: 'star', allowedOrigins: ['*'] },
        { path: 'null', allowedOrigins: ['null'] },
        { path: 'loud', allowedOrigins: ['HTTPS://Some.Host:443', 'http://b:80'] },
      ],
    })
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  const preflight = (channel: string, origin: string, headers = 'last-event-id') =>
    fetch(`${hub.url}/${channel}`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': headers,
      },
    })

  for (const [channel, origin, allowed] of [
    ['open', 'https://any.where', '*'],
    ['star', 'https://any.where', '*'],
    ['some', 'https://some.host', 'https://some.host'],
    ['some', 'http://a:8080', 'http://a:8080'],
    ['some', 'https://some.host.evil.com', null],
    ['some', 'https://evil.com/https://some.host', null],
    ['some', 'https://some.hos', null],
    ['some', 'https://SOME.host', null],
    ['some', 'http://some.host', null],
    ['some', 'https://some.host:443', null],
    ['some', 'http://a', null],
    ['some', 'null', null],
    ['some', '*', null],
    ['null', 'null', 'null'],
    ['null', 'NULL', null],
    ['loud', 'https://some.host', 'https://some.host'],
    ['loud', 'http://b', 'http://b'],
    ['loud', 'HTTPS://Some.Host:443', null],
  ] as const) {
    it(`${allowed === null ? 'refuses' : 'allows'} ${origin} on ${channel}, preflight and stream`, async () => {
      const options = await preflight(channel, origin)
      assert.equal(options.status, 204)
      assert.equal(options.headers.get(ALLOW), allowed)
      const { head } = await hub.subscribe(channel, { Origin: origin })
      const line = new RegExp(`^${ALLOW}: (.*)$`, 'im').exec(head)
      assert.equal(line?.[1] ?? null, allowed)
      assert.equal(/^Vary: Origin$/m.test(head), !['open', 'star'].includes(channel))
      const isNamed = allowed !== null && !['*', 'null'].includes(allowed)
      assert.equal(options.headers.get(CREDENTIALS), isNamed ? 'true' : null)
      assert.equal(/^Access-Control-Allow-Credentials: true$/m.test(head), isNamed)
    })
  }

  it('varies by origin also where a request has none', async () => {
    const { head } = await hub.subscribe('some')
    assert.match(head, /^Vary: Origin$/m)
  })

  it('answers a preflight for every channel, known or not, with all that polyfills send', async () => {
    const answer = await preflight(
      'unknown%20channel',
      'https://x.y',
      'last-event-id, x-requested-with',
    )
    assert.equal(answer.status, 204)
    const allowed = answer.headers.get('access-control-allow-headers')
    for (const name of ['Accept', 'Cache-Control', 'X-Requested-With', 'Last-Event-ID']) {
      assert.ok(allowed?.split(', ').includes(name), name)
    }
    assert.ok(answer.headers.get('access-control-allow-methods')?.includes('POST'))
  })

  it('lets a client come back with an id that is so long or strange that it is preflighted', async () => {
    for (const id of ['a'.repeat(255), 'e5p3n<3k0k0s', 'a'.repeat(4000)]) {
      const options = await preflight('some', 'https://some.host')
      assert.match(options.headers.get('access-control-allow-headers') ?? '', /Last-Event-ID/)
      const stream = await hub.subscribe('some', {
        Origin: 'https://some.host',
        'Last-Event-ID': id,
      })
      const [gap] = await stream.count(1)
      assert.equal(JSON.parse(gap?.data ?? '').requested, id)
    }
  })

  it('lets a page look at the history of a channel that it may read, and no other', async () => {
    await hub.publish('some', { id: 1, data: 'x' })
    for (const [origin, allowed] of [
      ['https://some.host', 'https://some.host'],
      ['https://any.where', null],
    ] as const) {
      const answer = await hub.fetch('-/history/some', { headers: { Origin: origin } })
      const options = await preflight('-/history/some', origin)
      assert.deepEqual([answer.status, options.status], [200, 204])
      for (const { headers } of [answer, options]) {
        assert.equal(headers.get(ALLOW), allowed)
        assert.equal(headers.get('vary'), 'Origin')
      }
    }
  })

  it("does not let every page look at the hub's figures, however it writes the address", async () => {
    for (const address of ['stats', '%73tats', 'st%61t%73?scope=hub']) {
      const answer = await hub.fetch(address, { headers: { Origin: 'https://any.where' } })
      assert.deepEqual([answer.status, answer.headers.get(ALLOW)], [200, null], address)
    }
  })

  it('lets a page read why it was refused', async () => {
    const missing = await fetch(`${hub.url}/missing`, { headers: { Origin: 'https://x.y' } })
    assert.deepEqual([missing.status, missing.headers.get(ALLOW)], [404, '*'])
    const origin = { Origin: 'https://x.y' }
    const endless = await hub.raw(
      'POST /open HTTP/1.1\r\nHost: x\r\nOrigin: https://x.y\r\nConnection: close\r\n\r\n',
    )
    assert.match(endless, /^HTTP\/1.1 411 [\s\S]*access-control-allow-origin: \*/)
    const closed = await hub.publish('closed', { data: 'x' }, { headers: origin })
    assert.deepEqual([closed.status, closed.headers.get(ALLOW)], [403, '*'])
    const bad = await hub.publish('open', '{', { headers: { Origin: 'https://x.y' } })
    assert.deepEqual([bad.status, bad.headers.get(ALLOW)], [400, '*'])
  })
})

forWorkers("CORS on the hub's figures", (startHub) => {
  it('lets pages of origins that the default names look, and no others', async () => {
    const hub = await startHub({
      auth: { stats: 'token', key: SECRET },
      default: { allowedOrigins: ['https://board.example', 'null'] },
    })
    for (const [origin, allowed] of [
      ['https://board.example', 'https://board.example'],
      ['https://board.example.evil', null],
      ['null', null],
    ] as const) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { Origin: origin }
        const answer = await fetch(`${hub.url}/stats`, { method, headers })
        assert.equal(answer.status, method === 'GET' ? 401 : 204)
        assert.equal(answer.headers.get(ALLOW), allowed)
      }
    }
    await hub.hub.stop()
  })
})
