import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defaultConfigFile } from '../../src/config/files.js'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../src/config/load.js'
import { makeFolder } from '../helpers/folder.js'
import { ORIGINAL_CONFIG } from '../helpers/original-config.js'
import { faultsOf } from './faults-of.js'

describe('loading the configuration', () => {
  let folder: string
  let clean: () => Promise<void>
  before(async () => {
    ;({ folder, clean } = await makeFolder())
  })
  after(() => clean())

  function load(content: string | Buffer, options: LoadOptions = {}): LoadedConfig {
    const file = join(folder, 'config.json')
    writeFileSync(file, content)
    return loadConfig({ file, env: {}, ...options })
  }

  it('takes the file that the README of the original shows', () => {
    const { config, warnings } = load(JSON.stringify(ORIGINAL_CONFIG))
    assert.deepEqual(warnings, [])
    assert.equal(config.server.workers, 2)
    assert.equal(config.server.logdir, process.cwd())
    assert.equal(config.leveldb.storageDir, '/tmp')
    const rules = { publish: 'public', subscribe: 'public' }
    const limits = { cacheBytes: 67_108_864, cacheTtl: 0 }
    const test = {
      cacheAdapter: 'leveldb',
      cacheLength: 5,
      assignIds: false,
      ...limits,
      ...rules,
    }
    assert.deepEqual(Object.fromEntries(config.channels), {
      test: { ...test, allowedOrigins: ['https://some.host'], restrictPublish: ['127.0.0.1'] },
      test2: {
        cacheAdapter: 'memory',
        cacheLength: 500,
        ...limits,
        allowedOrigins: '*',
        restrictPublish: ['10.0.0.0/8'],
        assignIds: false,
        ...rules,
      },
    })
  })

  it('takes the example of the original, and says which keys were never read', () => {
    const { server, redis, default: defaults } = ORIGINAL_CONFIG
    const { config, warnings } = load(
      JSON.stringify({
        ...ORIGINAL_CONFIG,
        server: { ...server, pingEvent: true, enablePost: true },
        redis: { ...redis, numConnections: 5 },
        default: { ...defaults, enablePost: true },
      }),
    )
    assert.equal(config.server.pingEvent, true)
    assert.deepEqual(warnings, [
      'redis.numConnections: never read; one connection is enough',
      'default.enablePost: never read; server.enablePost is the key that counts',
    ])
  })

  it('puts flags before the environment, that before the file, that before the defaults', () => {
    const content = '{"server":{"port":1,"bind-ip":"a","pingInterval":2}}'
    const env = { SSEHUB_SERVER_PORT: '3', SSEHUB_SERVER_BIND_IP: 'b' }
    const { server } = load(content, { env, flags: { port: 0, host: undefined } }).config
    assert.deepEqual(
      [server.port, server.bindIp, server.pingInterval, server.stallTimeout],
      [0, 'b', 2, 60],
    )
  })

  it('takes the file that comes with the package if none is named', () => {
    const { file, config } = loadConfig({ env: { XDG_STATE_HOME: folder } })
    assert.equal(file, defaultConfigFile)
    assert.equal(config.leveldb.storageDir, join(folder, 'ssehub'))
    assert.deepEqual(config.channelDefaults.restrictPublish, ['127.0.0.0/8', '::1'])
  })

  it('says which file it took, and passes on what the environment earns', () => {
    const { file, warnings } = load('{}', { env: { SSEHUB_SERVER_PROT: '1' } })
    assert.equal(file, join(folder, 'config.json'))
    assert.equal(loadConfig({ file: relative(process.cwd(), file), env: {} }).file, file)
    assert.deepEqual(warnings, [
      'SSEHUB_SERVER_PROT is not used: there is no such key; is SSEHUB_SERVER_PORT meant?',
    ])
  })

  it('passes over a byte order mark', () => {
    assert.equal(load('\ufeff{"server":{"port":5}}').config.server.port, 5)
  })

  it('tells the faults of the file, the environment and the flags together', () => {
    const content = '{"server":{"pingEvent":1},"redis":{},"redis":{"port":"6379"}}'
    const options = { env: { SSEHUB_SERVER_PING_INTERVAL: 'x' }, flags: { port: 65_536, host: '' } }
    assert.deepEqual(
      new Set(faultsOf(() => load(content, options))),
      new Set([
        'redis: is there more than once',
        'redis.port: found "6379", wants a whole number from 1 to 65535',
        'server.pingEvent: found 1, wants true or false',
        'SSEHUB_SERVER_PING_INTERVAL: found "x", wants a whole number from 1 to 3600',
        '--port: found 65536, wants a whole number from 0 to 65535',
        '--host: found "", wants an IP address or host name',
      ]),
    )
  })

  it('names the file in an error', () => {
    assert.throws(() => load('[]'), {
      message: new RegExp(`^${folder}/config.json cannot be used:\n`),
    })
  })

  it('says what is wrong with a file that cannot be read', () => {
    const missing = join(folder, 'missing.json')
    assert.match(faultsOf(() => loadConfig({ file: missing })).join(), /^ENOENT: no such file/)
    assert.match(faultsOf(() => loadConfig({ file: folder })).join(), /^EISDIR/)
  })

  it('says where a file is not JSON', () => {
    assert.deepEqual(
      faultsOf(() => load('{\n  "server": {},\n}')),
      ['it is not JSON: line 3, column 1: found }, wants a name in double quotes'],
    )
    assert.deepEqual(
      faultsOf(() => load(Buffer.from('{"a":"\xe4"}', 'latin1'))),
      ['it is not UTF-8'],
    )
  })
})
