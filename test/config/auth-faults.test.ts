import assert from 'node:assert/strict'
import { readEnvironment } from '../../src/config/environment.js'
import { resolveConfig } from '../../src/config/resolve.js'
import { makePair, SECRET } from '../helpers/tokens.js'
import { faultsOf } from './faults-of.js'

const URL = 'https://login.example/keys'

describe('the configuration of access', () => {
  const faultsIn = (file: object) => faultsOf(() => resolveConfig(file, 'the test', { env: {} }))
  const warningsOf = (file: object) => resolveConfig(file, 'the test', { env: {} }).warnings

  it('names one place where the keys are', () => {
    const all = faultsIn({ auth: { key: SECRET, keyFile: '/a', jwksUrl: URL } })
    assert.deepEqual(all, [
      'auth.keyFile: found keyFile beside key, wants one of key, keyFile, jwksUrl',
      'auth.jwksUrl: found jwksUrl beside key, wants one of key, keyFile, jwksUrl',
    ])
  })

  it('asks for no token that nothing can verify', () => {
    const wants =
      'found "token", but nothing to verify one with; wants auth.key, auth.keyFile, auth.jwksUrl'
    const asking = {
      auth: { stats: 'token' },
      default: { publish: 'token' },
      channels: [{ path: 'a' }, { path: 'b', subscribe: 'token' }],
    }
    assert.deepEqual(faultsIn(asking), [
      `default.publish: ${wants}`,
      `channels[1].subscribe: ${wants}`,
      `auth.stats: ${wants}`,
    ])
    assert.deepEqual(faultsIn({ ...asking, auth: { publishKeys: ['sesame'] } }), [
      `channels[1].subscribe: ${wants}`,
    ])
    assert.deepEqual(warningsOf({ ...asking, auth: { stats: 'token', jwksUrl: URL } }), [])
  })

  it('is told of keys that nothing asks for, and of a secret that is too short', () => {
    assert.deepEqual(warningsOf({ auth: { key: 'sesame', publishKeys: ['sesame'] } }), [
      'auth.publishKeys: not asked for, as no "publish" is "token"',
      'auth.publishKeys[0]: a key of less than 16 characters can be found by trying; "openssl rand -base64 32" makes a good one',
      'auth.key: a secret of less than 32 bytes can be found by trying',
      'auth.key: tokens are not asked for, as no "publish" or "subscribe" is "token"',
    ])
    assert.deepEqual(warningsOf({ auth: { key: SECRET }, default: { subscribe: 'token' } }), [])
  })

  it('has its faults told together with all others', () => {
    const faults = faultsIn({
      server: { port: 'x' },
      auth: { key: SECRET, keyFile: '/a', algorithms: ['RS256'], cookie: 5 },
      channels: [{ path: 'a', cacheLength: -1 }],
    })
    assert.deepEqual(
      faults.map((fault) => fault.split(':')[0]).sort(),
      ['auth.cookie', 'auth.key', 'auth.keyFile', 'channels[0].cacheLength', 'server.port'].sort(),
    )
    const unread = faultsIn({ server: 5, default: { publish: 'token' }, channels: 5 })
    assert.deepEqual(
      unread.map((fault) => fault.split(':')[0]),
      ['server', 'channels', 'default.publish'],
    )
    for (const auth of [5, [], null]) assert.equal(faultsIn({ auth }).length, 1)
    assert.equal(faultsIn({ auth: { key: 5, algorithms: 'x', publishKeys: 'y' } }).length, 3)
  })

  it('has a key that can be used, with the algorithms that are named; and never shows it', () => {
    const { pem } = makePair('ES256')
    for (const [auth, reason] of [
      [{ key: pem.slice(0, 90) }, /^auth\.key: cannot be used: it is not a public key/],
      [{ key: pem, algorithms: ['HS256'] }, /^auth\.key: cannot be used: it is no key for HS256$/],
      [
        { key: SECRET, algorithms: ['RS256'] },
        /^auth\.key: cannot be used: it is no key for RS256$/,
      ],
      [
        { jwksUrl: URL, algorithms: ['HS256'] },
        /^auth\.algorithms: found only algorithms of secrets/,
      ],
      [{ algorithms: ['none'] }, /^auth\.algorithms\[0\]: found "none", wants "HS256" or /],
      [{ algorithms: [] }, /^auth\.algorithms: /],
      [{ jwksUrl: 'file:///etc/passwd' }, /^auth\.jwksUrl: .* wants an http/],
      [{ jwksUrl: 'https://a:b@c/' }, /^auth\.jwksUrl: .* wants an http/],
      [{ cookie: 'a b' }, /^auth\.cookie: found "a b", wants the name of a cookie/],
      [{ publishKeys: ['a b'] }, /^auth\.publishKeys\[0\]: found something else, wants a key/],
      [{ key: '' }, /^auth\.key: found something else/],
    ] as const) {
      const faults = faultsIn({ auth })
      assert.equal(faults.length, 1, faults.join('\n'))
      assert.match(faults[0] ?? '', reason)
      assert.ok(!/as long as|BEGIN/.test(faults.join()))
    }
  })

  it('can be all in the environment', () => {
    const env = {
      SSEHUB_AUTH_KEY: SECRET,
      SSEHUB_AUTH_PUBLISHKEYS: 'one, two',
      SSEHUB_AUTH_ALGORITHMS: 'HS256,HS512',
      SSEHUB_AUTH_ALLOWQUERY: 'true',
      SSEHUB_DEFAULT_SUBSCRIBE: 'token',
      SSEHUB_SERVER_TRUSTEDPROXIES: '10.0.0.0/8, ::1',
    }
    const { overrides } = readEnvironment(env)
    const { config } = resolveConfig({}, 'the test', { env, overrides })
    assert.equal(config.auth.key, SECRET)
    assert.deepEqual(config.auth.publishKeys, ['one', 'two'])
    assert.deepEqual(config.auth.algorithms, ['HS256', 'HS512'])
    assert.equal(config.auth.allowQuery, true)
    assert.equal(config.channelDefaults.subscribe, 'token')
    assert.deepEqual(config.server.trustedProxies, ['10.0.0.0/8', '::1'])
  })
})
