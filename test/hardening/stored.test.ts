import assert from 'node:assert/strict'
import { ClassicLevel } from 'classic-level'
import { channelKey, eventKey } from '../../src/store/leveldb-rows.js'
import { makeFolder } from '../helpers/folder.js'
import { forWorkers } from '../helpers/for-workers.js'
import type { StartedHub } from '../helpers/hub.js'
import { type RedisServer, startRedis } from '../helpers/redis-server.js'

/** What lies in a store, by hand of somebody or of an older hub, and what a stream shows of it. */
const FORGED = [
  ['a line feed in its id', { id: '1\nevent: forged', data: 'x' }, 'id: 1event: forged\ndata: x\n'],
  [
    'a carriage return in its id',
    { id: '1\rdata: forged', data: 'x' },
    'id: 1data: forged\ndata: x\n',
  ],
  ['a NUL in its id', { id: '1\0', data: 'x' }, 'id: 1\ndata: x\n'],
  [
    'a line feed in its type',
    { id: '1', event: 'a\n\ndata: forged', data: 'x' },
    'id: 1\nevent: adata: forged\ndata: x\n',
  ],
  [
    'CRLF in its type',
    { id: '1', event: 'a\r\nid: 9', data: 'x' },
    'id: 1\nevent: aid: 9\ndata: x\n',
  ],
  ['a type of the hub itself', { id: '1', event: 'ssehub.gap', data: 'x' }, 'id: 1\ndata: x\n'],
  ['such a type in pieces', { id: '1', event: 'sse\nhub.end', data: 'x' }, 'id: 1\ndata: x\n'],
  [
    'line ends in its data',
    { id: '1', data: 'a\rid: 9\r\nevent: b\n\nretry: 1' },
    'id: 1\ndata: a\ndata: id: 9\ndata: event: b\ndata: \ndata: retry: 1\n',
  ],
  ['text in its retry', { id: '1', retry: '1\ndata: forged', data: 'x' }, 'id: 1\ndata: x\n'],
  ['a retry of 0', { id: '1', retry: 0, data: 'x' }, 'id: 1\nretry: 500\ndata: x\n'],
  ['a negative retry', { id: '1', retry: -5, data: 'x' }, 'id: 1\nretry: 500\ndata: x\n'],
  [
    'a retry beyond all timers',
    { id: '1', retry: 1e300, data: 'x' },
    'id: 1\nretry: 3600000\ndata: x\n',
  ],
] as const

/** Tries what a stream shows of each of them, which is in a channel of its own. */
function tryAll(hub: () => StartedHub): void {
  for (const [index, [what, , frame]] of FORGED.entries()) {
    it(`puts no line of its own into a stream: an event with ${what}`, async () => {
      const stream = await hub().subscribe(`test-${index}?getcache=1`)
      await hub().publish(`test-${index}`, { data: 'end' })
      await stream.until((body) => body.includes('data: end\n\n'))
      assert.equal(stream.body, `:ok\n\n${frame}\ndata: end\n\n`)
    })
  }
}

forWorkers('what lies in leveldb', (startHub) => {
  let clean: () => Promise<void>
  let hub: StartedHub

  before(async () => {
    const made = await makeFolder()
    clean = made.clean
    const database = new ClassicLevel<string, string>(`${made.folder}/ssehub.db`)
    for (const [index, [, row]] of FORGED.entries()) {
      const channel = `test-${index}`
      await database.put(channelKey(channel), '{"epoch":"e","head":1,"evictedThrough":0}')
      await database.put(eventKey(channel, 1), JSON.stringify(row))
    }
    await database.close()
    hub = await startHub({
      default: { cacheAdapter: 'leveldb' },
      leveldb: { storageDir: made.folder },
    })
  })
  after(async () => {
    hub.closeStreams()
    await hub.hub.stop()
    await clean()
  })

  tryAll(() => hub)
})

forWorkers('what lies in Redis', (startHub) => {
  let server: RedisServer
  let hub: StartedHub

  const start = async (prefix: string) => {
    hub = await startHub({ default: { cacheAdapter: 'redis' }, redis: { url: server.url, prefix } })
  }
  const stop = async () => {
    hub.closeStreams()
    await hub.hub.stop()
  }

  /** Puts an event in the place of the one that a channel has. */
  const forge = async (channel: string, { id, ...event }: (typeof FORGED)[number][1]) => {
    const [key] = (await server.command('KEYS', `forged:*:s:${channel}`)) as [string]
    const [[, [, text]]] = (await server.command('XRANGE', key, '-', '+')) as [
      [string, [string, string]],
    ]
    // A line feed ends the line that the id is in: what follows it would be the JSON.
    const line = id.replace('\n', '\r')
    const forged = text.replace('ID', line).replace(/\{.*/, JSON.stringify(event))
    const keyOf = (kind: string) => key.replace(':s:', `:${kind}:`)
    await server.command('DEL', key, keyOf('i'), keyOf('o'))
    await server.command('XADD', key, '1-0', 'e', forged)
    await server.command('HSET', keyOf('i'), line, '1 1 1')
    await server.command('ZADD', keyOf('o'), 1, line)
  }

  before(async () => {
    server = await startRedis()
  })
  after(() => server.stop())

  describe('from hubs', () => {
    before(async () => {
      await start('forged')
      for (const index of FORGED.keys()) {
        await hub.publish(`test-${index}`, { id: 'ID', data: 'DATA' })
      }
      await stop()
      for (const [index, [, row]] of FORGED.entries()) await forge(`test-${index}`, row)
      await start('forged')
    })
    after(stop)

    tryAll(() => hub)
  })

  it('is left out where it is what the original left, and cannot be sent on', async () => {
    const prefix = 'original'
    const rows = [
      ['1\ndata: forged', 'data: x\n\n'],
      ['2', 'id: 2\nevent: a\rb: c\ndata: one\rid: 9\n\ndata: two\n\n'],
      ['3', '{"data":"x","event":"ssehub.gap"}'],
      ['4', '{"data":"a\\rid: 9","retry":0}'],
    ]
    await server.command('HSET', `${prefix}_test`, ...rows.flat())
    await start(prefix)
    const stream = await hub.subscribe('test?getcache=1')
    await hub.publish('test', { data: 'end' })
    await stream.until((body) => body.includes('data: end\n\n'))
    const lines = stream.body.split(/\r\n|\r|\n/)
    assert.ok(lines.every((text) => /^$|^:ok$|^(id: \d|event: a|retry: 500|data: .*)$/.test(text)))
    assert.equal(
      stream.events.some(({ data }) => data === 'forged'),
      false,
    )
    assert.equal(stream.ids.includes('9'), false)
    await stop()
  })
})
