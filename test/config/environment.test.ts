import assert from 'node:assert/strict'
import { readEnvironment } from '../../src/config/environment.js'
import { type Resolved, resolveConfig } from '../../src/config/resolve.js'
import { KEYS } from '../../src/config/schema.js'
import { faultsOf } from './faults-of.js'

function resolveWith(env: NodeJS.ProcessEnv, file: unknown = {}): Resolved {
  const { overrides } = readEnvironment(env)
  return resolveConfig(file, 'a test', { env: {}, overrides })
}

describe('the environment', () => {
  it('sets any key that is read, by SSEHUB_SECTION_KEY and by the name that the original has', () => {
    for (const { section, key, schema } of KEYS.filter((one) => !one.schema.deprecated)) {
      const [upper, old] = [`SSEHUB_${section}_${key}`.toUpperCase(), section + key]
      for (const name of [upper.replaceAll('-', '_'), old.replaceAll('-', '')]) {
        const { overrides, warnings } = readEnvironment({ [name]: '7' })
        const [set, ...others] = overrides
        assert.deepEqual([set?.section, set?.key, set?.name], [section, key, name])
        assert.deepEqual([others, warnings], [[], []])
        if (schema.type === 'integer') assert.equal(set?.value, 7)
      }
    }
  })

  it('comes before the file', () => {
    const file = { server: { port: 1, pingInterval: 2 } }
    const { server } = resolveWith(
      { SSEHUB_SERVER_PORT: '81', serverpingInterval: '9' },
      file,
    ).config
    assert.deepEqual([server.port, server.pingInterval], [81, 9])
  })

  it('may have underscores between the words of a key', () => {
    const { server, channelDefaults } = resolveWith({
      SSEHUB_SERVER_PING_INTERVAL: '9',
      SSEHUB_SERVER_BINDIP: '::1',
      SSEHUB_DEFAULT_CACHE_LENGTH: '3',
    }).config
    assert.deepEqual(
      [server.pingInterval, server.bindIp, channelDefaults.cacheLength],
      [9, '::1', 3],
    )
  })

  it('puts the new names before the ones of the original', () => {
    const env = { serverport: '1', SSEHUB_SERVER_PORT: '2' }
    assert.equal(resolveWith(env).config.server.port, 2)
  })

  it('says if two variables set the same key, and takes the one with fewer underscores', () => {
    const env = { SSEHUB_SERVER_PING_EVENT: 'true', SSEHUB_SERVER_PINGEVENT: 'false' }
    assert.equal(resolveWith(env).config.server.pingEvent, false)
    assert.deepEqual(readEnvironment(env).warnings, [
      'SSEHUB_SERVER_PING_EVENT is not used: SSEHUB_SERVER_PINGEVENT sets the same key',
    ])
  })

  it('gives values in the type that the key has', () => {
    const valueFrom = (name: string, text: string) =>
      readEnvironment({ [name]: text }).overrides[0]?.value
    for (const [text, value] of [
      ['true', true],
      ['1', true],
      ['false', false],
      ['0', false],
      ['yes', 'yes'],
    ] as const) {
      assert.equal(valueFrom('SSEHUB_SERVER_PINGEVENT', text), value)
    }
    for (const [text, value] of [
      ['8080', 8080],
      ['-1', -1],
      ['1.5', 1.5],
      ['0x10', '0x10'],
      ['1e3', '1e3'],
      [' 1', ' 1'],
    ] as const) {
      assert.equal(valueFrom('SSEHUB_SERVER_PORT', text), value)
    }
    for (const [text, value] of [
      ['::1, 10.0.0.0/8', ['::1', '10.0.0.0/8']],
      ['["::1"]', ['::1']],
      ['[]', []],
      ['[::1]', '[::1]'],
    ] as const) {
      assert.deepEqual(valueFrom('SSEHUB_DEFAULT_RESTRICT_PUBLISH', text), value)
    }
    assert.equal(valueFrom('SSEHUB_DEFAULT_ALLOWEDORIGINS', '*'), '*')
    assert.deepEqual(valueFrom('SSEHUB_DEFAULT_ALLOWEDORIGINS', 'https://a'), ['https://a'])
    assert.equal(valueFrom('SSEHUB_AMQP_PASSWORD', '123'), '123')
  })

  it('has its faults told by the names of its variables', () => {
    const env = {
      SSEHUB_SERVER_PORT: 'abc',
      SSEHUB_DEFAULT_RESTRICT_PUBLISH: '::1,10.0.0.0/33',
      serverpingEvent: 'yes',
      SSEHUB_AMQP_MODE: 'safe',
    }
    assert.deepEqual(
      faultsOf(() => resolveWith(env)),
      [
        'SSEHUB_SERVER_PORT: found "abc", wants a whole number from 0 to 65535',
        'serverpingEvent: found "yes", wants true or false',
        'SSEHUB_AMQP_MODE: found "safe", wants "transient" or "durable" or "shared"',
        'SSEHUB_DEFAULT_RESTRICT_PUBLISH[1]: found "10.0.0.0/33", wants an IPv4 or IPv6 address or CIDR range',
      ],
    )
  })

  it('does not hide that a section of the file is no object', () => {
    assert.deepEqual(
      faultsOf(() => resolveWith({ SSEHUB_SERVER_PORT: '81' }, { server: [] })),
      ['server: found a list, wants an object'],
    )
  })

  it('counts for nothing where it is empty', () => {
    const env = {
      SSEHUB_SERVER_PORT: '',
      serverport: '',
      SSEHUB_SERVER_NOTHING: '',
      SSEHUB_X: undefined,
    }
    assert.deepEqual(readEnvironment(env), { overrides: [], warnings: [] })
  })

  it('that is nearly called as one that counts earns a warning that names that one', () => {
    for (const [wrong, right] of [
      ['SSEHUB_SERVER_PROT', 'SSEHUB_SERVER_PORT'],
      ['SSEHUB_SEVRER_PORT', 'SSEHUB_SERVER_PORT'],
      ['SSEHUB_SERVERPORT', 'SSEHUB_SERVER_PORT'],
      ['SSEHUB_SERVER_MAX_CONNECTION_PER_IP', 'SSEHUB_SERVER_MAXCONNECTIONSPERIP'],
      ['SSEHUB_AUTH_PUBLISHKEY', 'SSEHUB_AUTH_PUBLISHKEYS'],
      ['SSEHUB_DEFAULTS_CACHELENGTH', 'SSEHUB_DEFAULT_CACHELENGTH'],
    ] as const) {
      const { overrides, warnings } = readEnvironment({ [wrong]: '1' })
      assert.deepEqual(overrides, [])
      assert.deepEqual(warnings, [`${wrong} is not used: there is no such key; is ${right} meant?`])
    }
    const others = { SSEHUB_TOKEN: 'a', SSEHUB_CA: 'b', SSEHUB_URL: 'c', SSEHUB_PORT: 'd' }
    assert.deepEqual(readEnvironment(others).warnings, [])
  })

  it('earns a warning for each variable of ours that sets nothing, and no other', () => {
    const env = {
      SSEHUB_CHANNELS: '[]',
      SSEHUB_DEFAULT_ENABLEPOST: 'true',
      SSEHUB_REDIS_PORT: 'tcp://10.0.0.1:6379',
      SSEHUB_REDIS_SERVICE_HOST: '10.0.0.1',
      SSEHUB_SERVER: 'x',
      SSEHUB_URL: 'http://127.0.0.1:8080',
      ssehub_server_port: '1',
      SERVERPORT: '1',
      PATH: '/bin',
    }
    assert.deepEqual(readEnvironment(env), {
      overrides: [],
      warnings: [
        'SSEHUB_CHANNELS is not used: there is no such key',
        'SSEHUB_DEFAULT_ENABLEPOST is not used: there is no such key',
        'SSEHUB_REDIS_PORT is not used: it looks like what Kubernetes sets for a service of this name',
        'SSEHUB_REDIS_SERVICE_HOST is not used: there is no such key',
        'SSEHUB_SERVER is not used: there is no such key',
      ],
    })
  })
})
