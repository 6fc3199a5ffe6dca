import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { resolveConfig } from '../../../src/config/resolve.js'
import { LevelStore } from '../../../src/store/leveldb.js'
import { eventKey } from '../../../src/store/leveldb-rows.js'
import { RedisStore } from '../../../src/store/redis.js'
import { NOBODY } from '../../../src/store/store.js'
import { cli } from '../../helpers/cli.js'
import { FakeHub } from '../../helpers/fake-hub.js'
import { makeFolder } from '../../helpers/folder.js'
import { freePort } from '../../helpers/port.js'
import { sharedRedis } from '../../helpers/redis-server.js'
import { uniquePrefix } from '../../helpers/unique.js'

describe('ssehub cache dump', () => {
  let hub: FakeHub
  beforeEach(async () => {
    hub = await FakeHub.start()
  })
  afterEach(() => hub.stop())

  const dump = (...args: string[]) => cli(['cache', 'dump', ...args, '--url', hub.url])

  it('prints the history of a channel, with the time of each event', async () => {
    assert.deepEqual(await dump('test'), {
      code: 0,
      stdout:
        '1970-01-01T00:00:00.000Z  12345678901234567890  message  a\n    b\n1970-01-01T00:00:01.000Z  x  note  {}\n',
      stderr: '',
    })
  })

  it('prints it as one JSON array with --json', async () => {
    const { stdout } = await dump('test', '--json')
    assert.deepEqual(JSON.parse(stdout), [
      { sequence: 7, id: '12345678901234567890', event: null, data: 'a\nb', time: 0 },
      { sequence: 9, id: 'x', event: 'note', retry: 500, data: '{}', time: 1000 },
    ])
  })

  it('says so when there is none', async () => {
    const end = await dump('empty')
    assert.deepEqual(end, {
      code: 0,
      stdout: '',
      stderr: 'ssehub: the history of empty is empty\n',
    })
    assert.equal((await dump('empty', '--json')).stdout, '[]\n')
  })

  it('prints it straight from Redis, where that keeps it', async () => {
    const redis = { url: await sharedRedis(), prefix: uniquePrefix() }
    const { config } = resolveConfig({ redis }, 'the test', { env: {} })
    const store = new RedisStore(config.redis)
    await store.start()
    const channel = await store.open('test', { cacheLength: 10, assignIds: false }, NOBODY)
    await channel.append({ id: '1', data: 'kept' })
    const { folder, clean } = await makeFolder()
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify({ redis, default: { cacheAdapter: 'redis' } }))
    const offline = (name: string) => cli(['cache', 'dump', name, '--offline', '--config', file])
    assert.match((await offline('test')).stdout, /Z {2}1 {2}message {2}kept\n$/)
    assert.equal((await offline('other')).code, 1)
    await store.stop()
    await clean()
  })

  it('prints what is on disk, and says what is damaged there', async () => {
    const { folder, clean } = await makeFolder()
    const store = new LevelStore({ storageDir: folder })
    await store.start()
    const channel = await store.open('test', { cacheLength: 10, assignIds: false }, NOBODY)
    for (const id of ['1', '2']) await channel.append({ id, data: 'kept' })
    await store.stop()
    const database = new ClassicLevel<string, string>(store.folder)
    await database.put(eventKey('test', 1), '{')
    await database.close()
    const file = join(folder, 'config.json')
    const settings = { default: { cacheAdapter: 'leveldb' }, leveldb: { storageDir: folder } }
    await writeFile(file, JSON.stringify(settings))
    const end = await cli(['cache', 'dump', 'test', '--offline', '--config', file])
    assert.match(end.stdout, /^\S+ {2}2 {2}message {2}kept\n$/)
    assert.match(end.stderr, /^ssehub: the stored event 1 of channel test is damaged; .*\n$/)
    await clean()
  })

  it('cannot print it from a Redis that is away', async () => {
    const { folder, clean } = await makeFolder()
    const file = join(folder, 'config.json')
    const redis = { port: await freePort() }
    await writeFile(file, JSON.stringify({ redis, default: { cacheAdapter: 'redis' } }))
    const { code, stderr } = await cli(['cache', 'dump', 'test', '--offline', '--config', file])
    assert.equal(code, 4)
    assert.match(stderr, /ECONNREFUSED/)
    await clean()
  })

  it('is used wrongly with a configuration for the hub', async () => {
    assert.equal((await dump('test', '--config', 'config.json')).code, 2)
  })
})
