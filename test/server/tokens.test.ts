import assert from 'node:assert/strict'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { answerOf } from '../helpers/hub-client.js'
import {
  ALL,
  askerOf,
  bearer,
  forged,
  part,
  SECRET,
  seconds,
  token,
  WHOLE,
} from '../helpers/tokens.js'

forWorkers('tokens', (startHub) => {
  let hub: StartedHub

  /** One hub for all tests of a block. */
  const startOnce = (settings: object) => {
    before(async () => {
      hub = await startHub({ default: WHOLE, ...settings })
    })
    afterEach(() => hub.closeStreams())
    after(() => hub.hub.stop())
  }
  const { publish, read, statuses } = askerOf(() => hub)

  describe('of a channel that asks for them', () => {
    startOnce({ auth: { key: SECRET } })

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
  })

  describe('where channels differ', () => {
    startOnce({
      auth: { key: SECRET },
      default: {},
      channels: [
        { path: 'open' },
        { path: 'read', publish: 'token' },
        { path: 'write', subscribe: 'token' },
        { path: 'closed', publish: 'nobody', subscribe: 'nobody' },
        { path: 'afar', publish: 'token', restrictPublish: ['192.0.2.1'] },
      ],
    })

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
    })

    it('help nobody from an address that may not publish', async () => {
      assert.equal((await publish(bearer(await token()), 'afar')).status, 403)
    })
  })

  describe('from whom they have to be', () => {
    startOnce({ auth: { key: SECRET, issuer: 'https://me', audience: 'hub', clockTolerance: 30 } })

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

  describe('in a cookie', () => {
    const from = (origin: string | undefined, cookie: string) => ({
      Cookie: cookie,
      ...(origin !== undefined && { Origin: origin }),
    })

    startOnce({
      auth: { key: SECRET, cookie: 'pass' },
      channels: [
        { path: 'named', allowedOrigins: ['https://app.example', 'null'] },
        { path: 'star', allowedOrigins: '*' },
      ],
    })

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

  describe('elsewhere than in the header', () => {
    startOnce({ auth: { key: SECRET } })

    it('do not count unless that is allowed', async () => {
      assert.equal((await read({ Cookie: `undefined=${await token()}` })).status, 401)
      assert.equal((await read({}, `test?access_token=${await token()}`)).status, 401)
    })
  })

  describe('in the query', () => {
    startOnce({ auth: { key: SECRET, allowQuery: true } })

    it('count beside what else it says', async () => {
      const text = await token()
      for (const name of ['access_token', 'authorization']) {
        assert.equal((await read({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await publish({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await read({}, `-/history/test?${name}=${text}`)).status, 200)
      }
      const stream = await hub.subscribe(`test?getcache=1&access_token=${text}&filterid=1`)
      assert.deepEqual((await stream.count(1))[0]?.id, '1')
    })

    it('do not count twice', async () => {
      const text = await token()
      const query = `test?access_token=${text}`
      assert.equal((await read({}, `${query}&access_token=${text}`)).status, 400)
      assert.equal((await read(bearer(text), query)).status, 400)
    })
  })

  describe('that are simple keys', () => {
    startOnce({
      auth: { publishKeys: ['sesame', 'open-sesame=='], allowQuery: true, cookie: 'pass' },
      default: { publish: 'token' },
    })

    it('let their bearers publish, by the header alone', async () => {
      assert.equal((await publish(bearer('sesame'))).status, 200)
      assert.equal((await publish({ Authorization: 'bearer open-sesame==' })).status, 200)
      for (const key of ['', 'sesam', 'sesame2', 'SESAME', 'sesame,open-sesame==', 'undefined']) {
        assert.equal((await publish(bearer(key))).status, 401, key)
      }
      assert.equal((await publish({}, 'test?access_token=sesame')).status, 401)
      assert.equal((await publish({ Cookie: 'pass=sesame' })).status, 401)
    })
  })

  describe('beside simple keys', () => {
    startOnce({ auth: { key: SECRET, publishKeys: ['sesame'] } })

    it('let their bearers read, as those do not', async () => {
      assert.deepEqual(await statuses(bearer('sesame')), [200, 403, 403])
      assert.deepEqual(await statuses(bearer(await token())), [200, 200, 200])
    })
  })

  describe('where the figures are not for all', () => {
    startOnce({ auth: { key: SECRET, stats: 'token' } })

    it('let their bearers see them', async () => {
      const statusOf = async (headers: Record<string, string>) =>
        (await read(headers, 'stats')).status
      assert.equal(await statusOf({}), 401)
      assert.equal(await statusOf(bearer(await token())), 403)
      assert.equal(await statusOf(bearer(await token({ ssehub: { stats: true } }))), 200)
      assert.equal((await read({}, '')).status, 200)
    })
  })
})
