import assert from 'node:assert/strict'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchHistory } from '../../src/client/history.js'
import { makeFolder } from '../helpers/folder.js'
import { answerOf } from '../helpers/hub-client.js'
import { ServedHub } from '../helpers/served-hub.js'
import { SmallDisk } from '../helpers/small-disk.js'

describe('a hub whose disk is full', () => whileFull(1))
describe('a hub with 2 workers whose disk is full', () => whileFull(2))

function whileFull(workers: number): void {
  let disk: SmallDisk
  let folder: string
  let clean: () => Promise<void>
  let hub: ServedHub
  /** The ids of events that were acked, by their numbers. */
  let acked: string[]

  beforeEach(async () => {
    disk = await SmallDisk.make(16)
    ;({ folder, clean } = await makeFolder())
    hub = await start()
    acked = []
  })

  afterEach(async () => {
    await hub.kill()
    await disk.stop()
    await clean()
  })

  const start = () =>
    ServedHub.startWith(
      {
        server: { workers, pingInterval: 1 },
        leveldb: { storageDir: disk.folder },
        default: { cacheAdapter: 'leveldb', cacheLength: 10_000 },
      },
      folder,
    )

  const publish = async (id: string) => {
    const answer = await hub.publish('test', { id, data: `data of ${id}`.padEnd(1000) })
    const { sequence, message } = await answerOf(answer)
    if (answer.status === 200) acked[sequence - 1] = id
    return { status: answer.status, retry: answer.headers.get('retry-after'), message }
  }

  const publishAll = async (name: string, count: number) => {
    const ids = Array.from({ length: count }, (_, index) => `${name}-${index}`)
    return Promise.all(ids.map(publish))
  }

  it('refuses publishers with 503 and the reason, keeps streams, and goes on when there is room', async () => {
    const stream = await hub.subscribe('test?getcache=1')
    await publishAll('before', 50)
    await stream.count(50)
    for (const round of [1, 2]) {
      await disk.fill(hub.pid)
      // What is written already may have room in what the disk has given to its file.
      const answers = await publishAll(`full-${round}`, 50)
      answers.push(await publish(`once-more-${round}`))
      const refused = answers.filter(({ status }) => status !== 200)
      assert.ok(refused.length > 0)
      for (const { status, retry, message } of refused) {
        assert.equal(status, 503)
        assert.equal(retry, '1')
        assert.match(message, /leveldb .*(No space left|File too large)/)
        assert.ok(!message.includes('/'), `it tells of files: ${message}`)
        assert.doesNotMatch(message, /damaged/)
      }
      const { body } = stream
      await stream.until((text) => text.slice(body.length).includes(':\n\n'))
      const later = await hub.subscribe('test?getcache=1')
      await later.count(acked.length)
      assert.deepEqual(later.ids, acked, 'the history is there to be read')

      await disk.free(hub.pid)
      const taken = await publishAll(`after-${round}`, 50)
      assert.deepEqual(new Set(taken.map(({ status }) => status)), new Set([200]))
      await stream.count(acked.length)
      assert.deepEqual(stream.ids, acked)
    }
    const told = hub.log.filter(({ err }) => `${JSON.stringify(err)}`.includes(disk.folder))
    assert.ok(told.length > 0, 'the log has the file')
    assert.deepEqual(
      hub.log.filter(({ level }) => Number(level) >= 60),
      [],
    )
  })

  // It is the primary that writes, however many workers it has.
  if (workers > 1) return
  it('has all that it acked, and nothing else, when it was killed with the disk full', async () => {
    for (let round = 0; round < 2; round += 1) {
      await publishAll(`before-${round}`, 20)
      await disk.fill(hub.pid)
      await publishAll(`full-${round}`, 20)
      await hub.kill()
      await disk.free(hub.pid).catch(() => {}) // a limit has gone with its process
      hub = await start()
    }
    const { events } = await fetchHistory(hub.url, 'test')
    assert.deepEqual(
      events.map(({ id }) => id),
      acked,
    )
  })
}

describe('a hub whose log cannot be written', () => {
  it('answers as ever, and says so once where it can', async () => {
    const { folder, clean } = await makeFolder()
    const logdir = join(folder, 'log')
    await mkdir(logdir)
    await symlink('/dev/full', join(logdir, 'ssehub.log')) // each write to it finds a full disk
    const settings = { server: { logdir }, channels: [{ path: 'closed', subscribe: 'nobody' }] }
    const hub = await ServedHub.startWith(settings, folder)
    for (let turn = 0; turn < 40; turn += 1) {
      assert.equal((await fetch(`${hub.url}/closed`)).status, 403)
    }
    assert.equal((await hub.publish('open', { data: 'x' })).status, 200)
    const complaints = hub.log.filter(({ msg }) => /log file cannot be written/.test(`${msg}`))
    assert.equal(complaints.length, 1)
    await hub.kill()
    await clean()
  })
})
