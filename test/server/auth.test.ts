import assert from 'node:assert/strict'
import type { HubOptions } from '../../src/hub.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import type { OpenStream } from '../helpers/open-stream.js'
import { ALL, askerOf, bearer, SECRET, seconds, token, WHOLE } from '../helpers/tokens.js'

forWorkers('a hub that asks for tokens', (startHub) => {
  const KEY = 'a-key-of-a-publisher-long-enough'
  let hub: StartedHub

  before(async () => {
    hub = await startHub({
      default: WHOLE,
      channels: [
        { path: 'open', publish: 'public', subscribe: 'public' },
        { path: 'closed', publish: 'nobody', subscribe: 'nobody' },
      ],
      auth: {
        key: SECRET,
        publishKeys: [KEY],
        cookie: 'session',
        allowQuery: true,
        stats: 'token',
      },
    })
  })
  afterEach(() => hub.closeStreams())
  after(() => hub.hub.stop())

  /** What reading, publishing and looking at the history are answered, each by a new connection. */
  const statuses = async (headers: Record<string, string>, channel: string, query = '') => {
    const init = { headers: { ...headers, Connection: 'close' } }
    const reading = await hub.fetch(`${channel}${query}`, init)
    if (reading.status === 200) await reading.body?.cancel()
    const others = [
      await hub.publish(`${channel}${query}`, { id: 1, data: 'x' }, init),
      await hub.fetch(`-/history/${channel}${query}`, init),
    ]
    return [reading, ...others].map(({ status }) => status)
  }

  it('lets their bearers do what they say, and nobody else, whoever is asked', async () => {
    const ofOne = await token({ ssehub: { publish: ['one'], subscribe: ['o*'] } })
    for (let turn = 0; turn < 3; turn += 1) {
      assert.deepEqual(await statuses({}, 'open'), [200, 200, 200])
      assert.deepEqual(await statuses({}, 'one'), [401, 401, 401])
      assert.deepEqual(await statuses(bearer('junk'), 'one'), [401, 401, 401])
      assert.deepEqual(await statuses(bearer(ofOne), 'one'), [200, 200, 200])
      assert.deepEqual(await statuses(bearer(ofOne), 'other'), [200, 403, 404])
      assert.deepEqual(await statuses({}, 'one', `?access_token=${ofOne}`), [200, 200, 200])
      assert.deepEqual(await statuses(bearer(ofOne), 'closed'), [403, 403, 403])
      assert.deepEqual(await statuses(bearer(KEY), 'one'), [403, 200, 403])
      assert.equal((await hub.fetch('stats', { headers: { Connection: 'close' } })).status, 401)
    }
  })

  it('ends a connection with its refusal, so that nothing sent behind it waits for ever', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    const answers = await hub.raw(get('/') + get('/one') + get('/'))
    assert.deepEqual(answers.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 200', 'HTTP/1.1 401'])
  })

  it('ends the stream of one that expires, and says why', async () => {
    let stream: OpenStream | undefined
    for (let life = 2; !stream; life *= 2) {
      const headers = bearer(await token({ ...ALL, exp: seconds(life) }))
      stream = await hub.subscribe('one', headers).catch(() => undefined) // that was too short
    }
    await stream.end()
    assert.match(stream.body, /event: ssehub\.end\ndata: .*"reason":"token-expired"/)
  })
})

describe('tokens, within the hub', () => {
  let hub: RunningHub

  const start = async (settings: object, options: HubOptions = {}) => {
    hub = await startHub({ default: WHOLE, ...settings }, options)
  }
  const { publish, read } = askerOf(() => hub)

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  it('are not asked for of the program whose hub it is, not even where nobody may', async () => {
    const closed = { path: 'closed', publish: 'nobody', subscribe: 'nobody' }
    await start({ auth: { key: SECRET }, channels: [closed] })
    assert.equal((await hub.hub.publish('closed', { data: 'x' })).sequence, 1)
  })

  describe('that expire', () => {
    let now: number
    const clock = { now: () => now }
    const until10 = { ...ALL, exp: 10_010 }

    beforeEach(async () => {
      now = 10_000_000
      await start({ auth: { key: SECRET, clockTolerance: 2 } }, clock)
    })

    it('end the stream, which says why, and do not open another', async () => {
      const headers = bearer(await token(until10))
      const forever = await hub.subscribe('test', bearer(await token()))
      const stream = await hub.subscribe('test', headers)
      await publish(headers)
      await stream.count(1)
      now += 12_000
      await stream.end()
      const [, end] = stream.events
      assert.equal(end?.event, 'ssehub.end')
      assert.deepEqual(JSON.parse(end?.data ?? ''), { channel: 'test', reason: 'token-expired' })
      assert.ok(stream.body.endsWith('\n\n'))
      const answer = await read({ ...headers, 'Last-Event-ID': '1' })
      assert.equal(answer.status, 401)
      assert.match(await answer.text(), /has expired/)
      await publish(bearer(await token()))
      await forever.count(2)
      assert.ok(!forever.isEnded)
      assert.equal(hub.hub.stats().global.clients, 1)
    })

    it('do not end it before', async () => {
      const stream = await hub.subscribe('test', bearer(await token(until10)))
      now += 11_900
      await stream.until((body) => body.endsWith('\n:\n\n')) // a ping: time has been looked at
      assert.ok(!stream.isEnded)
    })
  })
})
