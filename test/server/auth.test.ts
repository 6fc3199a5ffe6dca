import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HubOptions } from '../../src/hub.js'
import { makeFolderOfRun } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import { TestLog } from '../helpers/log.js'
import {
  ALL,
  askerOf,
  bearer,
  forged,
  KeyServer,
  makePair,
  type Pair,
  SECRET,
  seconds,
  sign,
  token,
  WHOLE,
} from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

/** Keys may be asked for again soon. */
const SOON = { keyCoolDown: 100 }

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

  it('ends the stream of one that expires, and says why', async () => {
    const stream = await hub.subscribe('one', bearer(await token({ ...ALL, exp: seconds(2) })))
    await stream.end()
    assert.match(stream.body, /event: ssehub\.end\ndata: .*"reason":"token-expired"/)
  })
})

describe('tokens, within the hub', () => {
  let hub: RunningHub
  let log: TestLog

  const start = async (settings: object, options: HubOptions = {}) => {
    log = new TestLog()
    hub = await startHub({ default: WHOLE, ...settings }, { logger: log.logger, ...options })
  }
  const { publish, read, statuses } = askerOf(() => hub)

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  describe('of a channel that asks for them', () => {
    beforeEach(() => start({ auth: { key: SECRET } }))

    it('are told to nobody: log, answers', async () => {
      const texts = [await token(), `${await token()}x`, await token({ ...ALL, exp: 1 }), 'sesame']
      for (const text of texts) {
        const answers = [
          await read(bearer(text)),
          await publish(bearer(text)),
          await read({}, `test?access_token=${text}`),
          await read({}, `test?a=1&ACCESS_TOKEN=${text}&b=2`),
          await read({}, `test?access%5Ftoken=${text}`),
          await read({}, `a%zz?access_token=${text}`),
          await read({}, `-/history/test?authorization=${text}`),
          await read({}, `-/nothing?access_token=${text}`),
          await read({}, `stats?scope=x&access_token=${text}`),
          await fetch(`${hub.url}/test?access_token=${text}`, { method: 'PUT' }),
          await publish({}, `test?access_token=${text}`),
        ]
        for (const answer of answers) {
          if (answer.status === 200) continue
          const said = `${await answer.text()} ${JSON.stringify([...answer.headers])}`
          assert.ok(!said.includes(text), said)
        }
      }
      const logged = log.lines.join('')
      assert.match(logged, /a request was refused/)
      for (const text of texts) assert.ok(!logged.includes(text))
    })

    it('are told of, where they are refused, with the address that was judged', async () => {
      await publish(bearer('junk'))
      const { channel, action, address, reason } = JSON.parse(log.lines.at(-1) ?? '')
      assert.deepEqual([channel, action, address], ['test', 'publish', '127.0.0.1'])
      assert.match(reason, /not a JSON Web Token/)
    })

    it('are told of, where they are refused without end, in a few lines a second', async () => {
      await Promise.all(Array.from({ length: 50 }, () => publish(bearer('junk'))))
      await publish()
      const lines = () => log.lines.filter((line) => line.includes('a request was refused'))
      await until(() => lines().some((line) => line.includes('leftOut')))
      assert.ok(lines().length < 30, `${lines().length} lines`)
      const told = lines().map((line) => JSON.parse(line))
      const leftOut = told.reduce((sum, { leftOut = 0 }) => sum + leftOut, 0)
      const shown = told.filter(({ address }) => address === '127.0.0.1')
      assert.equal(shown.length + leftOut, 51)
      assert.ok(shown.some(({ reason }) => reason === 'this needs a token'))
    })
  })

  describe('of pairs of keys', () => {
    const pairs: Pair[] = [makePair('RS256'), makePair('ES256'), makePair('EdDSA')]

    for (const pair of pairs) {
      it(`are verified by the public half: ${pair.alg}`, async () => {
        await start({ auth: { key: pair.pem } })
        const good = await sign(ALL, pair.privateKey, { alg: pair.alg, kid: 'any' })
        assert.deepEqual(await statuses(bearer(good)), [200, 200, 200])
        for (const other of pairs.filter((one) => one !== pair)) {
          const bad = await sign(ALL, other.privateKey, { alg: other.alg })
          assert.deepEqual(await statuses(bearer(bad)), [401, 401, 401])
        }
      })

      it(`are never verified by the public half as a secret: ${pair.alg}`, async () => {
        for (const settings of [{}, { algorithms: ['HS256', pair.alg] }]) {
          await start({ auth: { key: pair.pem, ...settings } })
          const der = pair.publicKey.export({ format: 'der', type: 'spki' })
          for (const secret of [pair.pem, pair.pem.trim(), `${pair.pem}\n`, der]) {
            const text = forged({ alg: 'HS256', typ: 'JWT' }, secret)
            assert.deepEqual(await statuses(bearer(text)), [401, 401, 401])
          }
          await hub.hub.stop()
        }
      })
    }

    it('may be of some algorithms only', async () => {
      const [pair] = pairs as [Pair]
      await start({ auth: { key: pair.pem, algorithms: ['RS512', 'PS256'] } })
      const statusOf = async (alg: string) =>
        (await read(bearer(await sign(ALL, pair.privateKey, { alg })))).status
      assert.equal(await statusOf('RS512'), 200)
      assert.equal(await statusOf('PS256'), 200)
      assert.equal(await statusOf('RS256'), 401)
    })
  })

  describe('of keys in a file', () => {
    it('follow the file: a new key counts, one that has gone does not', async () => {
      const [a, b] = [makePair('ES256'), makePair('EdDSA')]
      const file = join(makeFolderOfRun(), 'keys.pem')
      await writeFile(file, a.pem)
      await start({ auth: { keyFile: file } })
      const ofA = bearer(await sign(ALL, a.privateKey, { alg: a.alg }))
      const ofB = bearer(await sign(ALL, b.privateKey, { alg: b.alg }))
      assert.deepEqual([(await read(ofA)).status, (await read(ofB)).status], [200, 401])
      await writeFile(`${file}.new`, `${a.pem}${b.pem}`)
      await rename(`${file}.new`, file)
      assert.deepEqual([(await read(ofB)).status, (await read(ofA)).status], [200, 200])
      await writeFile(`${file}.new`, b.pem)
      await rename(`${file}.new`, file)
      await until(async () => (await read(ofA)).status === 401)
      await writeFile(file, 'ssh-ed25519 AAAA')
      await until(async () => (await read(ofA)).status === 401 && log.warnings.length > 0)
      assert.equal((await read(ofB)).status, 200)
    })
  })

  describe('of keys at a URL', () => {
    const [a, b] = [makePair('RS256', 'a'), makePair('ES256', 'b')] as const
    const of = async (pair: Pair, kid = pair.kid) =>
      bearer(await sign(ALL, pair.privateKey, { alg: pair.alg, kid }))
    let keys: KeyServer

    beforeEach(async () => {
      keys = await KeyServer.start(a)
    })
    afterEach(() => keys.stop())

    it('take one request for many', async () => {
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      const headers = await of(a)
      const answers = await Promise.all(Array.from({ length: 20 }, () => read(headers)))
      assert.ok(answers.every(({ status }) => status === 200))
      assert.equal(keys.requests, 1)
    })

    it('count as soon as the set has their key, and no more when it has not', async () => {
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      assert.equal((await read(await of(a))).status, 200)
      keys.pairs = [b]
      assert.equal((await read(await of(b))).status, 200)
      assert.equal((await read(await of(a))).status, 401)
    })

    it('count by a new key of an old name, and by one that they do not name', async () => {
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      assert.equal((await read(await of(a))).status, 200)
      const other = makePair('RS256', 'a')
      keys.pairs = [other, b]
      assert.equal((await read(await of(other))).status, 200)
      const nameless = await sign(ALL, b.privateKey, { alg: b.alg })
      assert.equal((await read(bearer(nameless))).status, 200)
    })

    it('of keys that nobody knows do not have the URL asked each time', async () => {
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      const unknown = await Promise.all(Array.from({ length: 30 }, (_, i) => of(b, `kid ${i}`)))
      const begun = performance.now()
      const answers = await Promise.all(unknown.map((headers) => read(headers)))
      assert.ok(answers.every(({ status }) => status === 401))
      const limit = 2 + (performance.now() - begun) / SOON.keyCoolDown
      assert.ok(keys.requests <= limit, `${keys.requests} requests`)
    })

    it('go on to count while the URL is away', async () => {
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      assert.equal((await read(await of(a))).status, 200)
      for (const instead of [
        { status: 500, body: '' },
        { status: 200, body: '<html>' },
        { status: 200, body: '{"keys":{}}' },
        { status: 200, body: JSON.stringify({ keys: [], padding: 'x'.repeat(2_000_000) }) },
      ]) {
        keys.instead = instead
        assert.equal((await read(await of(b))).status, 401)
        assert.equal((await read(await of(a))).status, 200)
      }
      keys.stop()
      assert.equal((await read(await of(b))).status, 401)
      assert.equal((await read(await of(a))).status, 200)
    })

    it('have their bearers come back while there are no keys yet', async () => {
      keys.instead = { status: 503, body: '' }
      await start({ auth: { jwksUrl: keys.url } }, SOON)
      const stream = await hub.subscribe('test', await of(a))
      await stream.end()
      assert.match(stream.head, /^HTTP\/1.1 200 /)
      assert.match(stream.body, /^:ok\n\nretry: \d+\n\n$/)
      const answer = await publish(await of(a))
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
      keys.instead = undefined
      assert.equal((await publish(await of(a))).status, 200)
    })

    it('may be of some algorithms only, whatever keys the set has', async () => {
      const es = makePair('ES256', 'es')
      keys.pairs = [a, es]
      await start({ auth: { jwksUrl: keys.url, algorithms: ['ES256'] } }, SOON)
      assert.equal((await read(await of(es))).status, 200)
      assert.equal((await read(await of(a))).status, 401)
    })

    it('cannot be made with a secret that the set tells everybody, or that it is', async () => {
      const k = Buffer.from(SECRET).toString('base64url')
      const set = JSON.stringify({ keys: [{ kty: 'oct', k, alg: 'HS256', kid: 'a' }] })
      keys.instead = { status: 200, body: set }
      await start({ auth: { jwksUrl: keys.url, algorithms: ['HS256', 'RS256'] } }, SOON)
      for (const secret of [SECRET, set]) {
        assert.equal((await read(bearer(forged({ alg: 'HS256', kid: 'a' }, secret)))).status, 401)
      }
    })
  })

  it('in the query are not logged where they are allowed', async () => {
    await start({ auth: { key: SECRET, allowQuery: true } })
    const text = await token()
    for (const name of ['access_token', 'authorization']) {
      assert.equal((await read({}, `test?${name}=${text}`)).status, 200)
      assert.equal((await publish({}, `test?${name}=${text}`)).status, 200)
      assert.equal((await read({}, `-/history/test?${name}=${text}`)).status, 200)
    }
    const stream = await hub.subscribe(`test?getcache=1&access_token=${text}&filterid=1`)
    assert.deepEqual((await stream.count(1))[0]?.id, '1')
    assert.equal((await read({}, `test?authorization=${text}x`)).status, 401)
    assert.ok(!log.lines.join('').includes(text))
  })

  it('help nobody where nobody may, but a program may whose hub it is', async () => {
    await start({
      auth: { key: SECRET },
      default: {},
      channels: [{ path: 'closed', publish: 'nobody', subscribe: 'nobody' }],
    })
    assert.deepEqual(await statuses({}, 'closed'), [403, 403, 403])
    assert.deepEqual(await statuses(bearer(await token()), 'closed'), [403, 403, 403])
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
