import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { sharedRedis } from '../helpers/redis-server.js'
import { uniquePrefix } from '../helpers/unique.js'

/** Names that mean something somewhere: to a file system, to Redis, to JavaScript, to people. */
const NAMES = [
  ...[
    '.',
    '..',
    '../../etc/passwd',
    '..\\..\\x',
    '/etc/passwd',
    'a//b',
    'a/../b',
    '%2e%2e%2f',
    'CON',
    'a.db',
  ],
  ...['*', 'a?b', '[a-z]*', '{a}', 'a}b{', 'a:b', 's:test', 'm:test', '$', '__keyspace@0__:x'],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'hasOwnProperty',
    'toString',
    'then',
    'null',
    'undefined',
  ],
  ...[
    'stats/',
    'Stats',
    '-',
    '-x',
    'e',
    'favicon.ico',
    '?x',
    '#x',
    'a=b&c=d',
    '<script>',
    '"},"reason":"',
    "'",
  ],
  ...[
    'é',
    'e\u0301',
    'ﬁ',
    '\u202e',
    '\u200b',
    '\ufeff',
    '\u2028',
    '\ufffd',
    '\u{1f600}',
    ' ',
    'a b',
    '+',
    '\u00a0',
  ],
]

const pathOf = (name: string) => encodeURIComponent(name).replaceAll('.', '%2E')

for (const adapter of ['memory', 'leveldb', 'redis'] as const) {
  forWorkers(`names of channels in ${adapter}`, (startHub) => {
    let folder: string
    let clean: () => Promise<void>
    let settings: Parameters<typeof startHub>[0]
    let hub: StartedHub

    before(async () => {
      ;({ folder, clean } = await makeFolder())
      settings = {
        default: { cacheAdapter: adapter },
        leveldb: { storageDir: folder },
        redis: { url: await sharedRedis(), prefix: uniquePrefix() },
      }
      hub = await startHub(settings)
    })
    after(async () => {
      await hub.hub.stop()
      await clean()
    })

    for (const name of NAMES) {
      it(`${JSON.stringify(name)} is one like any other`, async () => {
        const path = pathOf(name)
        const stream = await hub.subscribe(path)
        const body = JSON.stringify({ id: 1, data: name })
        const answer = await hub.raw(
          `POST /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
            `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        )
        assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).channel, name)
        await stream.count(1)
        assert.deepEqual(stream.data, [name])
        stream.close()
        const resumed = await hub.subscribe(path, { 'Last-Event-ID': 'unknown' })
        const [gap] = await resumed.count(1)
        assert.equal(JSON.parse(gap?.data ?? '').channel, name)
        resumed.close()
      })
    }

    it('keep their histories apart, also over a restart where they last', async () => {
      if (adapter !== 'memory') {
        await hub.hub.stop()
        hub = await startHub(settings)
      }
      for (const name of NAMES) {
        const stream = await hub.subscribe(`${pathOf(name)}?getcache=1`)
        await stream.count(1)
        assert.deepEqual(stream.data, [name])
        stream.close()
      }
      const files = adapter === 'leveldb' ? ['ssehub.db'] : []
      assert.deepEqual(await readdir(folder), files)
      assert.equal((await hub.stats()).global.channels, NAMES.length)
    })
  })
}
