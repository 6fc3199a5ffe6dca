import assert from 'node:assert/strict'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'

forWorkers('the limits of a request', (startHub) => {
  const defined = 'a name that is longer'
  let hub: StartedHub

  before(async () => {
    const server = {
      maxEventBytes: 100,
      maxChannelNameLength: 8,
      maxHeaderBytes: 2000,
    }
    hub = await startHub({ server, channels: [{ path: defined }] })
  })
  after(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('let no event have more bytes than maxEventBytes', async () => {
    const body = (bytes: number) => `{"data":"${'x'.repeat(bytes - 11)}"}`
    assert.equal((await hub.publish('test', body(100))).status, 200)
    const refused = await hub.publish('test', body(101))
    assert.equal(refused.status, 413)
    const { message } = await answerOf(refused)
    assert.equal(message, 'the event has 101 bytes, more than 100 (server.maxEventBytes)')
    const { global } = await hub.stats()
    assert.deepEqual([global.oversized_events, global.oversized_http_req], [1, 1])
  })

  it('let no dynamic channel have a longer name than maxChannelNameLength', async () => {
    for (const name of ['12345678', '👋'.repeat(8), defined]) {
      assert.equal((await hub.publish(encodeURIComponent(name), { data: 'x' })).status, 200, name)
    }
    for (const name of ['123456789', '👋'.repeat(9), 'x'.repeat(129)]) {
      for (const method of ['GET', 'POST']) {
        const body = method === 'POST' ? '{"data":"x"}' : null
        const answer = await fetch(`${hub.url}/${encodeURIComponent(name)}`, { method, body })
        assert.equal(answer.status, 400, name)
        assert.match((await answerOf(answer)).message, /\(server\.maxChannelNameLength\)$/)
      }
    }
    const { global, channels } = await hub.stats()
    assert.equal(global.refused_channel_names, 6)
    const names = channels.map(({ id }) => id).filter((id) => id !== 'test')
    assert.deepEqual(new Set(names), new Set([defined, '12345678', '👋'.repeat(8)]))
  })

  it('let no head have more bytes than maxHeaderBytes', async () => {
    const get = (bytes: number) =>
      hub.raw(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${'y'.repeat(bytes)}\r\n\r\n`)
    assert.match(await get(1500), /^HTTP\/1.1 200 /)
    assert.match(await get(2500), /^HTTP\/1.1 431 [\s\S]*\(server\.maxHeaderBytes\)/)
    assert.equal((await hub.stats()).global.oversized_headers, 1)
  })
})

forWorkers('the time limits of a request', (startHub) => {
  let hub: StartedHub

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  const HEAD = 'POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'
  for (const [what, server, texts] of [
    ['a head headersTimeout', { headersTimeout: 1 }, ['', 'GET / HT', HEAD.slice(0, -4)]],
    ['all of a request requestTimeout', { requestTimeout: 1 }, ['', HEAD.slice(0, -4), HEAD]],
  ] as const) {
    it(`give ${what} to arrive`, async () => {
      hub = await startHub({ server: { headersTimeout: 600, requestTimeout: 600, ...server } })
      const stream = await hub.subscribe('test')
      const why = /^HTTP\/1.1 408 [\s\S]*server\.headersTimeout, server\.requestTimeout/
      for (const answer of await Promise.all(texts.map((text) => hub.raw(text)))) {
        assert.match(answer, why)
      }
      assert.equal((await hub.stats()).global.timed_out_requests, 3)
      await hub.publish('test', { data: 'x' })
      await stream.count(1)
    })
  }
})

describe('the limits of a hub that is one process', () => {
  let hub: RunningHub

  afterEach(() => hub.hub.stop())

  it('let no event have more bytes than maxEventBytes that the program publishes itself', async () => {
    hub = await startHub({ server: { maxEventBytes: 100 } })
    await assert.rejects(hub.hub.publish('test', { data: 'x'.repeat(90) }), /server\.maxEventBytes/)
  })

  it('let nobody publish more often than publishRatePerIp and publishRatePerKey', async () => {
    let now = 0
    const settings = {
      server: { publishRatePerIp: 5, publishRatePerKey: 2 },
      default: { publish: 'token' },
      channels: [{ path: 'open', publish: 'public' }],
      auth: {
        publishKeys: ['a-key-that-is-long-enough-for-it', 'another-key-that-is-long-enough'],
      },
    }
    hub = await startHub(settings, { now: () => now })
    const publish = async (channel: string, key?: string) => {
      const headers = key ? { Authorization: `Bearer ${key}` } : {}
      const answer = await hub.publish(channel, { data: 'x' }, { headers })
      if (answer.status === 429) assert.equal(answer.headers.get('retry-after'), '1')
      return `${answer.status} ${(await answerOf(answer)).message ?? ''}`
    }
    const [key, other] = settings.auth.publishKeys
    for (let count = 0; count < 2; count += 1) assert.match(await publish('a', key), /^200/)
    assert.match(await publish('a', key), /^429 .*\(server\.publishRatePerKey\)/)
    assert.match(await publish('a', other), /^200/)
    assert.match(await publish('open'), /^200/)
    assert.match(await publish('open'), /^429 .*\(server\.publishRatePerIp\)/)
    now = 1000
    assert.match(await publish('a', key), /^200/)
    const { global } = await hub.stats()
    assert.deepEqual([global.refused_rate_per_ip, global.refused_rate_per_key], [1, 1])
  })
})

forWorkers('the rates of publishers', (startHub) => {
  let hub: StartedHub

  afterEach(() => hub.hub.stop())

  it('are those of the whole hub, however many connections they come by', async () => {
    const key = 'a-key-that-is-long-enough-for-it'
    const settings = {
      server: { publishRatePerIp: 30, publishRatePerKey: 2 },
      channels: [{ path: 'closed', publish: 'token' }],
      auth: { publishKeys: [key] },
    }
    hub = await startHub(settings)
    /** The answers to so many publishes, each on a connection of its own. */
    const publish = async (channel: string, times: number) => {
      const head = `POST /${channel} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}`
      const body = 'Connection: close\r\nContent-Length: 12\r\n\r\n{"data":"x"}'
      const texts = Array.from({ length: times }, () => hub.raw(`${head}\r\n${body}`))
      return Promise.all(texts)
    }
    const begun = performance.now()
    const closed = await publish('closed', 20)
    const open = await publish('open', 40)
    const seconds = (performance.now() - begun) / 1000
    const ofStatus = (texts: string[], status: string) =>
      texts.filter((text) => text.startsWith(`HTTP/1.1 ${status} `))
    const taken = { closed: ofStatus(closed, '200').length, open: ofStatus(open, '200').length }
    assert.ok(taken.closed >= 2 && taken.closed <= 2 + 2 * seconds, `${taken.closed} by key`)
    assert.ok(taken.open >= 10 && taken.open <= 10 + 30 * seconds, `${taken.open} by address`)
    const refused = [...ofStatus(closed, '429'), ...ofStatus(open, '429')]
    assert.equal(refused.length, 60 - taken.closed - taken.open)
    for (const text of refused) assert.match(text, /\r\nretry-after: 1\r\n/i)
    const perKey = refused.filter((text) => text.includes('(server.publishRatePerKey); try again"'))
    const perIp = refused.filter((text) => text.includes('(server.publishRatePerIp); try again"'))
    assert.equal(perKey.length + perIp.length, refused.length)
    const { global } = await hub.stats()
    assert.equal(global.broadcasted_events, taken.closed + taken.open)
    assert.equal(global.refused_rate_per_ip, perIp.length)
    assert.equal(global.refused_rate_per_key, perKey.length)
  })
})

forWorkers('the limit of channels', (startHub) => {
  let hub: StartedHub

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('lets no more be than maxChannels, and says so to readers and publishers', async () => {
    hub = await startHub({ server: { maxChannels: 1 } })
    assert.equal((await hub.publish('one', { data: 'x' })).status, 200)
    const stream = await hub.subscribe('other')
    await stream.end()
    assert.match(stream.head, /^HTTP\/1.1 200 OK\r\n/)
    const reason = ': there is no room for more channels (server.maxChannels)'
    assert.match(stream.body.replace(reason, 'REASON'), /^:ok\n\nREASON\n\nretry: \d+\n\n$/)
    const refused = await hub.publish('other', { data: 'x' })
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    assert.match((await answerOf(refused)).message, /\(server\.maxChannels\); try again$/)
    assert.equal((await hub.publish('one', { data: 'x' })).status, 200)
    const { global } = await hub.stats()
    assert.deepEqual([global.refused_channels, global.channels], [2, 1])
  })
})
