import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWTPayload } from 'jose'
import type { HubOptions } from '../../src/hub.js'
import { makeFolderOfRun } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import { type RunningHub, type StartedHub, startHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import { TestLog } from '../helpers/log.js'
import { KeyServer, makePair, type Pair, sign } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

const SECRET = 'a secret that is as long as it has to be'
const ALL = { ssehub: { publish: ['*'], subscribe: ['*'] } }
const WHOLE = { publish: 'token', subscribe: 'token' }

/** Keys may be asked for again soon. */
const SOON = { keyCoolDown: 100 }

const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow
const token = (claims: JWTPayload = ALL) => sign(claims, Buffer.from(SECRET), { alg: 'HS256' })
const bearer = (text: string) => ({ Authorization: `Bearer ${text}` })
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that no library makes, signed with a secret. */
function forged(header: object, secret: string | Buffer, claims: unknown = ALL): string {
  const text = `${part(header)}.${typeof claims === 'string' ? claims : part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

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

describe('tokens', () => {
  let hub: RunningHub
  let log: TestLog

  const start = async (settings: object, options: HubOptions = {}) => {
    log = new TestLog()
    hub = await startHub({ default: WHOLE, ...settings }, { logger: log.logger, ...options })
  }
  const publish = (headers: Record<string, string> = {}, channel = 'test') =>
    hub.publish(channel, { id: 1, data: 'x' }, { headers })
  const read = async (headers: Record<string, string> = {}, target = 'test') => {
    const answer = await fetch(`${hub.url}/${target}`, { headers })
    if (answer.status === 200) await answer.body?.cancel()
    return answer
  }
  /** What reading, publishing and looking at the history are answered. */
  const statuses = async (headers: Record<string, string>, channel = 'test') => {
    const answers = [
      await publish(headers, channel),
      await read(headers, channel),
      await read(headers, `-/history/${channel}`),
    ]
    return answers.map(({ status }) => status)
  }

  afterEach(async () => {
    hub.closeStreams()
    await hub.hub.stop()
  })

  describe('of a channel that asks for them', () => {
    beforeEach(() => start({ auth: { key: SECRET } }))

    it('let their bearers publish, follow, and look at the history', async () => {
      assert.deepEqual(await statuses(bearer(await token())), [200, 200, 200])
    })

    it('let them do no more than they say', async () => {
      const claims = { ssehub: { publish: ['in', 'news*'], subscribe: ['out', 'news/sport*'] } }
      const headers = bearer(await token(claims))
      assert.deepEqual(await statuses(headers, 'in'), [200, 403, 403])
      assert.equal((await read(headers, 'out')).status, 200)
      assert.deepEqual(await statuses(headers, 'news'), [200, 403, 403])
      assert.deepEqual(await statuses(headers, 'news/sport'), [200, 200, 200])
      assert.deepEqual(await statuses(headers, 'new'), [403, 403, 403])
      assert.deepEqual(await statuses(headers, 'News'), [403, 403, 403])
      const answer = await publish(headers, 'else')
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer .*insufficient_scope/)
    })

    it('are missed by who has none, and that is told', async () => {
      assert.deepEqual(await statuses({}), [401, 401, 401])
      assert.deepEqual(await statuses({ Authorization: 'Basic YTpi' }), [401, 401, 401])
      const answer = await publish()
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="ssehub"')
      assert.match((await answerOf(answer)).message, /needs a token/)
      assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    })

    for (const [name, text, reason] of [
      ['nothing', () => '', /not a JSON Web Token/],
      ['no token', () => 'junk', /not a JSON Web Token/],
      ['its own parts alone', () => '..', /not a JSON Web Token/],
      ['a token without claims', () => token({}), undefined],
      ['an expired one', () => token({ ...ALL, exp: seconds(-1) }), /has expired/],
      [
        'one of a time that is no number',
        () => forged({ alg: 'HS256' }, SECRET, { ...ALL, exp: '9999999999' }),
        /./,
      ],
      ['one that is not valid yet', () => token({ ...ALL, nbf: seconds(60) }), /not valid yet/],
      [
        'one of another secret',
        () => forged({ alg: 'HS256' }, `${SECRET}.`),
        /not signed with a key/,
      ],
      ['one that is not signed', () => `${part({ alg: 'none' })}.${part(ALL)}.`, /not signed/],
      ['one that only says it is not', () => forged({ alg: 'none' }, SECRET), /not signed/],
      ['one of no algorithm', () => forged({}, SECRET), /not a JSON Web Token/],
      ['one of an algorithm in other case', () => forged({ alg: 'hs256' }, SECRET), /not signed/],
      ['one whose kid is no text', () => forged({ alg: 'HS256', kid: { a: 1 } }, SECRET), /./],
      [
        'one that asks for what is not known',
        () => forged({ alg: 'HS256', crit: ['exp2'], exp2: 1 }, SECRET),
        /cannot be verified|can be verified/,
      ],
      ['one that asks for nothing', () => forged({ alg: 'HS256', crit: [] }, SECRET), /./],
      ['one whose claims are a list', () => forged({ alg: 'HS256' }, SECRET, []), /./],
      ['one whose claims are no JSON', () => forged({ alg: 'HS256' }, SECRET, 'e30e'), /./],
      [
        'one that names a channel, not channels',
        () => token({ ssehub: { publish: '*', subscribe: '*' } }),
        /claim "ssehub"/,
      ],
      [
        'one that names what is no channel',
        () => token({ ssehub: { publish: [1], subscribe: [1] } }),
        /claim "ssehub"/,
      ],
      ['one whose claim is a list', () => token({ ssehub: ['*'] }), /claim "ssehub"/],
      ['two in one', async () => `${await token()} ${await token()}`, /not a JSON Web Token/],
      ['an encrypted one', () => 'a.b.c.d.e', /not a JSON Web Token/],
      ['a very long one', () => `${part({ alg: 'HS256' })}.${'a'.repeat(12_000)}.a`, /./],
    ] as const) {
      it(`are not: ${name}`, async () => {
        const headers = bearer(await text())
        const expected = reason ? 401 : 403
        assert.deepEqual(await statuses(headers), [expected, expected, expected])
        if (!reason) return
        const answer = await publish(headers)
        assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
        assert.match((await answerOf(answer)).message, reason)
      })
    }

    it('are still good when they end in a while, or begin now', async () => {
      const claims = { ...ALL, exp: seconds(60), nbf: seconds(0), iat: seconds(0) }
      assert.deepEqual(await statuses(bearer(await token(claims))), [200, 200, 200])
    })

    it('are found whatever their kid is called', async () => {
      for (const kid of ['', '../../dev/null', "' OR 1=1 --", '__proto__', 'http://127.0.0.1/']) {
        const text = forged({ alg: 'HS256', kid, jku: 'http://127.0.0.1:1/', jwk: {} }, SECRET)
        assert.deepEqual(await statuses(bearer(text)), [200, 200, 200], kid)
      }
    })

    it('are refused where there are several: who is meant is not clear', async () => {
      const good = await token()
      const twice = `Authorization: Bearer ${good}\r\nAuthorization: Bearer ${good}\r\n`
      for (const method of ['GET', 'POST']) {
        const head = `${method} /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n`
        const answer = await hub.raw(`${head}${twice}\r\n`)
        assert.match(answer, /^HTTP\/1.1 400 /)
        assert.match(answer, /www-authenticate: Bearer .*error="invalid_request"/i)
      }
    })

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

  describe('where channels differ', () => {
    beforeEach(() =>
      start({
        auth: { key: SECRET },
        default: {},
        channels: [
          { path: 'open' },
          { path: 'read', publish: 'token' },
          { path: 'write', subscribe: 'token' },
          { path: 'closed', publish: 'nobody', subscribe: 'nobody' },
          { path: 'afar', publish: 'token', restrictPublish: ['192.0.2.1'] },
        ],
      }),
    )

    it('are asked for where they are, and not looked at elsewhere', async () => {
      assert.deepEqual(await statuses({}, 'open'), [200, 200, 200])
      assert.deepEqual(await statuses(bearer('junk'), 'open'), [200, 200, 200])
      assert.deepEqual(await statuses({}, 'read'), [401, 200, 200])
      assert.deepEqual(await statuses({}, 'write'), [200, 401, 401])
      assert.deepEqual(await statuses({}, 'undefined'), [200, 200, 200])
    })

    it('help nobody where nobody may', async () => {
      assert.deepEqual(await statuses({}, 'closed'), [403, 403, 403])
      assert.deepEqual(await statuses(bearer(await token()), 'closed'), [403, 403, 403])
      assert.equal((await hub.hub.publish('closed', { data: 'x' })).sequence, 1, 'but a program')
    })

    it('help nobody from an address that may not publish', async () => {
      assert.equal((await publish(bearer(await token()), 'afar')).status, 403)
    })
  })

  describe('from whom they have to be', () => {
    beforeEach(() =>
      start({ auth: { key: SECRET, issuer: 'https://me', audience: 'hub', clockTolerance: 30 } }),
    )

    it('is checked, and for whom', async () => {
      const good = { ...ALL, iss: 'https://me', aud: ['other', 'hub'] }
      const statusOf = async (claims: object) =>
        (await read(bearer(await token({ ...good, ...claims })))).status
      assert.equal(await statusOf({}), 200)
      assert.equal(await statusOf({ aud: 'hub' }), 200)
      for (const claims of [
        ...[
          { iss: 'https://me/' },
          { iss: 'https://you' },
          { iss: undefined },
          { iss: ['https://me'] },
        ],
        ...[{ aud: 'HUB' }, { aud: [] }, { aud: undefined }, { aud: ['hub2'] }],
      ]) {
        assert.equal(await statusOf(claims), 401, JSON.stringify(claims))
      }
    })

    it('may be some seconds off', async () => {
      const good = { ...ALL, iss: 'https://me', aud: 'hub' }
      const statusOf = async (claims: object) =>
        (await read(bearer(await token({ ...good, ...claims })))).status
      assert.equal(await statusOf({ exp: seconds(-10) }), 200)
      assert.equal(await statusOf({ exp: seconds(-40) }), 401)
      assert.equal(await statusOf({ nbf: seconds(10) }), 200)
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

  describe('in a cookie', () => {
    const from = (origin: string | undefined, cookie: string) => ({
      Cookie: cookie,
      ...(origin !== undefined && { Origin: origin }),
    })

    beforeEach(() =>
      start({
        auth: { key: SECRET, cookie: 'pass' },
        channels: [
          { path: 'named', allowedOrigins: ['https://app.example', 'null'] },
          { path: 'star', allowedOrigins: '*' },
        ],
      }),
    )

    it('count from pages of this host, and of origins that are named', async () => {
      const cookie = `a=b; pass=${await token()}; c="d"`
      for (const origin of [undefined, hub.url, 'https://app.example']) {
        assert.deepEqual(await statuses(from(origin, cookie), 'named'), [200, 200, 200], origin)
      }
      const quoted = from(undefined, `pass="${await token()}"`)
      assert.deepEqual(await statuses(quoted, 'star'), [200, 200, 200])
    })

    it('do not count from other pages: browsers send cookies for all of them', async () => {
      const cookie = `pass=${await token()}`
      for (const origin of [
        'https://evil.example',
        'https://app.example.evil.example',
        'https://app.example:444',
        'http://app.example',
        'null',
        `http://127.0.0.1:${hub.port + 1}`,
        `${hub.url}.evil.example`,
        '',
      ]) {
        assert.deepEqual(await statuses(from(origin, cookie), 'named'), [401, 401, 401], origin)
        assert.deepEqual(await statuses(from(origin, cookie), 'star'), [401, 401, 401], origin)
      }
      const headers = { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' }
      assert.deepEqual(await statuses(headers, 'named'), [401, 401, 401])
    })

    it('do not count twice, nor by another name', async () => {
      const text = await token()
      assert.equal((await read({ Cookie: `pass=${text}; pass=${text}x` })).status, 400)
      assert.equal((await read({ Cookie: `pass=${text}; pass=${text}` })).status, 200)
      assert.equal((await read({ Cookie: `pass=${text}`, ...bearer(text) })).status, 400)
      for (const cookie of [`Pass=${text}`, `xpass=${text}`, `pass =${text}`, 'pass=', 'pass']) {
        assert.equal((await read({ Cookie: cookie })).status, 401, cookie)
      }
    })

    it('let named origins read why they do not', async () => {
      const answer = await read(from('https://app.example', 'pass=junk'), 'named')
      assert.equal(answer.status, 401)
      assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example')
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
      assert.match(answer.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/i)
    })
  })

  it('in a cookie do not count if none is named', async () => {
    await start({ auth: { key: SECRET } })
    assert.equal((await read({ Cookie: `undefined=${await token()}` })).status, 401)
  })

  describe('in the query', () => {
    it('do not count unless they are allowed', async () => {
      await start({ auth: { key: SECRET } })
      assert.equal((await read({}, `test?access_token=${await token()}`)).status, 401)
    })

    it('count where they are, beside what else it says', async () => {
      await start({ auth: { key: SECRET, allowQuery: true } })
      const text = await token()
      for (const name of ['access_token', 'authorization']) {
        assert.equal((await read({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await publish({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await read({}, `-/history/test?${name}=${text}`)).status, 200)
      }
      const stream = await hub.subscribe(`test?getcache=1&access_token=${text}&filterid=1`)
      assert.deepEqual((await stream.count(1))[0]?.id, '1')
      assert.ok(!log.lines.join('').includes(text))
    })

    it('do not count twice', async () => {
      await start({ auth: { key: SECRET, allowQuery: true } })
      const text = await token()
      const query = `test?access_token=${text}`
      assert.equal((await read({}, `${query}&access_token=${text}`)).status, 400)
      assert.equal((await read(bearer(text), query)).status, 400)
    })
  })

  describe('that are simple keys', () => {
    it('let their bearers publish, by the header alone, and nothing else', async () => {
      await start({
        auth: { publishKeys: ['sesame', 'open-sesame=='], allowQuery: true, cookie: 'pass' },
        default: { publish: 'token' },
      })
      assert.equal((await publish(bearer('sesame'))).status, 200)
      assert.equal((await publish({ Authorization: 'bearer open-sesame==' })).status, 200)
      for (const key of ['', 'sesam', 'sesame2', 'SESAME', 'sesame,open-sesame==', 'undefined']) {
        assert.equal((await publish(bearer(key))).status, 401, key)
      }
      assert.equal((await publish({}, 'test?access_token=sesame')).status, 401)
      assert.equal((await publish({ Cookie: 'pass=sesame' })).status, 401)
    })

    it('do not let them read', async () => {
      await start({ auth: { key: SECRET, publishKeys: ['sesame'] } })
      assert.deepEqual(await statuses(bearer('sesame')), [200, 403, 403])
      assert.deepEqual(await statuses(bearer(await token())), [200, 200, 200])
    })
  })

  it('let their bearers see the figures, where those are not for all', async () => {
    await start({ auth: { key: SECRET, stats: 'token' } })
    const statusOf = async (headers: Record<string, string>) =>
      (await read(headers, 'stats')).status
    assert.equal(await statusOf({}), 401)
    assert.equal(await statusOf(bearer(await token())), 403)
    assert.equal(await statusOf(bearer(await token({ ssehub: { stats: true } }))), 200)
    assert.equal((await read({}, '')).status, 200)
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
