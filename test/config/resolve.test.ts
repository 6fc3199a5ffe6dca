import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import fc from 'fast-check'
import type { Config } from '../../src/config/config.js'
import { ConfigError } from '../../src/config/fault.js'
import { resolveConfig } from '../../src/config/resolve.js'
import { SECTIONS } from '../../src/config/sections.js'
import { faultsOf } from './faults-of.js'

const env = { HOME: '/home/nobody' }

function configOf(input: unknown): Config {
  return resolveConfig(input, 'a test', { env }).config
}

function faultsIn(input: unknown): readonly string[] {
  return faultsOf(() => configOf(input))
}

describe('a configuration', () => {
  it('is complete if nothing is said', () => {
    assert.deepEqual(configOf({}), {
      server: {
        port: 8080,
        bindIp: '0.0.0.0',
        logdir: undefined,
        pingInterval: 5,
        pingEvent: false,
        workers: 1,
        allowUndefinedChannels: true,
        enablePost: true,
        trustedProxies: [],
        stallTimeout: 60,
        maxPendingBytes: 67_108_864,
        maxConnectionsPerIp: 20_000,
        publishRatePerIp: 20_000,
        publishRatePerKey: 20_000,
        maxChannels: 10_000,
        channelIdleTtl: 86_400,
        maxChannelNameLength: 128,
        maxEventBytes: 8_192_000,
        maxHeaderBytes: 16_384,
        headersTimeout: 10,
        requestTimeout: 30,
      },
      amqp: {
        enabled: false,
        host: '127.0.0.1',
        port: 5672,
        user: 'guest',
        password: 'guest',
        vhost: '/',
        tls: false,
        exchange: 'amq.fanout',
        exchangeType: 'fanout',
        routingkey: '',
        mode: 'transient',
        prefetch: 300,
        heartbeatInterval: 30,
      },
      tls: undefined,
      redis: {
        host: '127.0.0.1',
        port: 6379,
        prefix: 'ssehub',
        tls: false,
        sharded: false,
        window: 1024,
        expire: 0,
      },
      auth: {
        keyFile: undefined,
        algorithms: undefined,
        clockTolerance: 0,
        allowQuery: false,
        publishKeys: [],
        stats: 'public',
      },
      leveldb: { storageDir: '/home/nobody/.local/state/ssehub', sync: false },
      channelDefaults: {
        cacheAdapter: 'memory',
        cacheLength: 500,
        cacheBytes: 67_108_864,
        cacheTtl: 0,
        allowedOrigins: '*',
        restrictPublish: undefined,
        publish: 'public',
        subscribe: 'public',
        assignIds: false,
      },
      channels: new Map(),
    })
  })

  it('gives a channel from the defaults what it does not say itself', () => {
    const { channels, channelDefaults } = configOf({
      default: { cacheLength: 7, allowedOrigins: ['https://a'], restrictPublish: ['::1'] },
      channels: [
        { path: 'a' },
        { path: 'b', cacheLength: 0, allowedOrigins: '*', restrictPublish: [] },
      ],
    })
    assert.deepEqual(channels.get('a'), channelDefaults)
    assert.deepEqual(channels.get('b'), {
      ...channelDefaults,
      cacheLength: 0,
      allowedOrigins: '*',
      restrictPublish: [],
    })
  })

  it('takes a list of origins that holds * for all origins', () => {
    const { channels, channelDefaults } = configOf({
      default: { allowedOrigins: ['*'] },
      channels: [{ path: 'a', allowedOrigins: ['HTTPS://Some.Host:443', 'null'] }],
    })
    assert.equal(channelDefaults.allowedOrigins, '*')
    assert.deepEqual(channels.get('a')?.allowedOrigins, ['https://some.host', 'null'])
  })

  it('has absolute paths, from the working folder', () => {
    const { server, leveldb } = configOf({ server: { logdir: './' }, leveldb: { storageDir: 'x' } })
    assert.equal(server.logdir, process.cwd())
    assert.equal(leveldb.storageDir, resolve('x'))
  })

  it('takes undefined for a key that is not there', () => {
    assert.deepEqual(configOf({ server: { port: undefined }, channels: undefined }), configOf({}))
  })

  it('takes host names and addresses of both families to listen on', () => {
    for (const host of [
      '::',
      '::1',
      'fe80::1%eth0',
      '127.0.0.1',
      'localhost',
      'a-b.example.',
      'x_y',
    ]) {
      assert.equal(configOf({ server: { 'bind-ip': host } }).server.bindIp, host)
    }
  })

  it('never changes, and does not change what it was made of', () => {
    const origins = ['https://a']
    const input = { default: { allowedOrigins: origins }, channels: [{ path: 'a' }] }
    const before = structuredClone(input)
    const config = configOf(input)
    assert.deepEqual(input, before)
    origins.push('https://b')
    assert.deepEqual(config.channels.get('a')?.allowedOrigins, ['https://a'])
    for (const part of [...Object.values(config), config, ...config.channels.values()]) {
      assert.ok(part instanceof Map || Object.isFrozen(part))
    }
  })
})

describe('a configuration that cannot be used', () => {
  it('has a certificate without its key, or the other way round', () => {
    const key =
      'tls.key: found nothing, wants a file with the private key of the certificate, in PEM'
    const cert = "tls.cert: found nothing, wants a file with the hub's certificate, in PEM"
    assert.deepEqual(faultsIn({ tls: { cert: 'a.pem' } }), [key])
    assert.deepEqual(faultsIn({ tls: { key: 'a.key', cert: '' } }), [cert])
    assert.deepEqual(faultsIn({ tls: { passphrase: 'x' } }), [cert, key])
    assert.deepEqual(faultsIn({ tls: { cert: 1, key: 2 } }), [
      'tls.cert: found 1, wants a text',
      'tls.key: found 2, wants a text',
    ])
  })

  it('is told all its faults at once: where, what was found, what is wanted', () => {
    const input = {
      server: { port: 'abc', prot: 1, 'bind-ip': '1.2.3.400', pingInterval: 0, enablePost: 'yes' },
      leveldb: { storageDir: '' },
      default: { restrictPublish: ['::1', '10.0.0.0/33'], cacheAdapter: 'disk', cacheLength: 0.5 },
      channels: [{}, { path: '-/x' }, { path: 'a', allowedOrigins: 5 }, { path: 'a' }, 'b'],
      extra: {},
    }
    const name =
      'a channel name: 1 to 128 characters, no control characters, not beginning with "-/", not "stats"'
    assert.deepEqual(
      new Set(faultsIn(input)),
      new Set([
        'server.port: found "abc", wants a whole number from 0 to 65535',
        `server.prot: unknown key; known here: ${Object.keys(SECTIONS.server).join(', ')}`,
        'server.bind-ip: found "1.2.3.400", wants an IP address or host name',
        'server.pingInterval: found 0, wants a whole number from 1 to 3600',
        'server.enablePost: found "yes", wants true or false',
        'leveldb.storageDir: found "", wants a text that is not empty',
        'default.restrictPublish[1]: found "10.0.0.0/33", wants an IPv4 or IPv6 address or CIDR range',
        'default.cacheAdapter: found "disk", wants "memory" or "leveldb" or "redis"',
        'default.cacheLength: found 0.5, wants a whole number from 0 to 1000000',
        `channels[0].path: found nothing, wants ${name}`,
        `channels[1].path: found "-/x", wants ${name}`,
        'channels[2].allowedOrigins: found 5, wants "*" or a list, each item ' +
          'an origin like "https://host" or "http://host:8080", without a path; or "null" or "*"',
        'channels[3].path: found "a", which is the name of channels[2], too; wants another',
        'channels[4]: found "b", wants an object',
        'extra: unknown key; known here: server, tls, amqp, redis, auth, leveldb, default, channels',
      ]),
    )
  })

  it('is told one fault for each place', () => {
    assert.deepEqual(faultsIn({ default: { allowedOrigins: ['https://a', 'https://a/b'] } }), [
      'default.allowedOrigins[1]: found "https://a/b", wants an origin like "https://host" or "http://host:8080", without a path; or "null" or "*"',
    ])
    assert.equal(faultsIn({ channels: [{ path: 'stats' }, { path: 'stats' }] }).length, 2)
  })

  it('is not an object', () => {
    for (const [input, found] of [
      [undefined, 'nothing'],
      [null, 'null'],
      [[], 'a list'],
      ['{}', '"{}"'],
    ]) {
      assert.deepEqual(faultsIn(input), [`all of it: found ${found}, wants an object`])
    }
    assert.deepEqual(faultsIn({ server: null }), ['server: found null, wants an object'])
  })

  it('says who it is from', () => {
    assert.throws(() => resolveConfig([], 'my.json'), {
      message: 'my.json cannot be used:\n  all of it: found a list, wants an object',
    })
  })

  it('never has its secrets shown', () => {
    const input = {
      amqp: { password: ['hunter2'], host: 'amqp://me:hunter2@broker', user: { hunter2: 1 } },
      redis: 'redis://:hunter2@server',
    }
    const faults = faultsIn(input)
    assert.equal(faults.length, 4)
    assert.ok(!faults.join().includes('hunter2'), faults.join('\n'))
    assert.ok(
      !faultsIn({ amqp: { password: 7654321 } })
        .join()
        .includes('7654321'),
    )
    assert.deepEqual(faultsIn({ leveldb: { password: 'hunter2' } }), [
      'leveldb.password: unknown key; known here: storageDir, sync',
    ])
    for (const section of ['amqp', 'redis']) {
      const [fault, ...more] = faultsIn({ [section]: { url: 'http://me:hunter2@server' } })
      assert.deepEqual(more, [])
      assert.match(fault as string, /url: found something else, wants a URL like /)
    }
  })

  it('has keys that look like those of a prototype', () => {
    const input = JSON.parse('{"__proto__":{},"server":{"__proto__":{"port":1},"constructor":1}}')
    const places = faultsIn(input).map((fault) => fault.split(':')[0])
    assert.deepEqual(places, ['__proto__', 'server.__proto__', 'server.constructor'])
    assert.equal(Object.hasOwn(Object.prototype, 'port'), false)
  })

  it('is refused with faults, or taken, whatever it is', () => {
    const key = fc.constantFrom('server', 'default', 'channels', 'port', 'path', '__proto__')
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, 80, '', '*', 'a'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    })).value
    fc.assert(
      fc.property(json, (input) => {
        try {
          configOf(input)
        } catch (error) {
          assert.ok(error instanceof ConfigError && error.faults.length > 0, String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the number of workers', () => {
  const workersOf = (server: object) => {
    const { config, warnings } = resolveConfig({ server }, 'the test', { env: {} })
    return [config.server.workers, warnings.length]
  }

  it("is what workers says, else the original's threadsPerChannel, else 1", () => {
    assert.deepEqual(workersOf({}), [1, 0])
    assert.deepEqual(workersOf({ threadsPerChannel: 2 }), [2, 0])
    assert.deepEqual(workersOf({ threadsPerChannel: 1000 }), [64, 0])
    assert.deepEqual(workersOf({ workers: 3 }), [3, 0])
    assert.deepEqual(workersOf({ workers: 3, threadsPerChannel: 3 }), [3, 0])
    assert.deepEqual(workersOf({ workers: 1, threadsPerChannel: 2 }), [1, 1])
  })

  it('has to be one that can be run', () => {
    for (const workers of [0, 65, 1.5, '2'])
      assert.equal(faultsIn({ server: { workers } }).length, 1)
  })
})

describe('a channel of any name', () => {
  it('is a channel, even if named like a part of a prototype', () => {
    const { channels } = configOf({ channels: [{ path: '__proto__' }, { path: 'constructor' }] })
    assert.deepEqual([...channels.keys()], ['__proto__', 'constructor'])
  })
})
