import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ClassicLevel } from 'classic-level'
import type { Entry } from '../../src/event/entry.js'
import { checkEvent } from '../../src/event/event.js'
import { LevelStore } from '../../src/store/leveldb.js'
import { channelKey, eventKey } from '../../src/store/leveldb-rows.js'
import { NOBODY, type StoredChannel } from '../../src/store/store.js'
import { makeFolder } from '../helpers/folder.js'
import { interceptWrites, noSpace } from '../helpers/leveldb-writes.js'
import { describeStore } from './contract.js'

describeStore({
  name: 'leveldb',
  isDurable: true,
  make: async (now) => {
    const { folder, clean } = await makeFolder()
    const again = () => new LevelStore({ storageDir: folder, now })
    return { store: again(), again, clean }
  },
})

const OPTIONS = { cacheLength: 1000, assignIds: false }

describe('the leveldb store', () => {
  let folder: string
  let clean: () => Promise<void>

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
  })

  afterEach(() => clean())

  const started = async (options = {}) => {
    const store = new LevelStore({ storageDir: folder, ...options })
    await store.start()
    return store
  }

  const idsIn = async (store: LevelStore) => {
    const channel = await store.open('test', OPTIONS, NOBODY)
    return (await channel.read(0)).entries.map(({ id }) => id)
  }

  it('writes what comes in one tick at once', async () => {
    const store = await started()
    let writes = 0
    const restore = interceptWrites((write) => {
      writes += 1
      return write()
    })
    try {
      const channel = await store.open('test', OPTIONS, NOBODY)
      const appends = Array.from({ length: 500 }, (_, index) =>
        channel.append(checkEvent({ id: `${index}`, data: '' })),
      )
      await Promise.all(appends)
      assert.equal(writes, 1)
    } finally {
      restore()
      await store.stop()
    }
  })

  it('has every event that was acked when its process was killed', async () => {
    // However many it appends until it is killed: none leaves the history.
    const options = { ...OPTIONS, cacheLength: 1_000_000 }
    const worker = `
      import { LevelStore } from ${JSON.stringify(new URL('../../src/store/leveldb.js', import.meta.url).href)}
      const store = new LevelStore({ storageDir: ${JSON.stringify(folder)} })
      await store.start()
      const channel = await store.open('test', ${JSON.stringify(options)}, { load() {}, accept() {} })
      for (let id = 1; ; id += 1) {
        await channel.append({ id: String(id), data: 'x'.repeat(100) })
        console.log(id)
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', worker])
    let acked = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acked = Number(line)
      if (acked === 300) child.kill('SIGKILL')
    }
    const store = await started()
    const ids = (await store.read('test', options)).entries.map(({ id }) => id)
    await store.stop()
    assert.ok(acked >= 300)
    const wanted = Array.from({ length: acked }, (_, index) => `${index + 1}`)
    assert.deepEqual(ids.slice(0, acked), wanted)
  })

  it('opens after a torn write with all that came before it, and goes on', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (let id = 1; id <= 20; id += 1) {
      await channel.append(checkEvent({ id: `${id}`, data: 'x'.repeat(200) }))
    }
    await store.stop()
    const log = (await readdir(store.folder)).find((name) => name.endsWith('.log')) as string
    const { size } = await stat(join(store.folder, log))
    await truncate(join(store.folder, log), size - 100)

    const again = await started()
    const entries: Entry[] = []
    const torn = await again.open('test', OPTIONS, {
      ...NOBODY,
      accept: (entry) => entries.push(entry),
    })
    const kept = (await torn.read(0)).entries.map(({ id }) => id)
    assert.deepEqual(
      kept,
      Array.from({ length: 19 }, (_, index) => `${index + 1}`),
    )
    await torn.append(checkEvent({ id: 'next', data: '' }))
    assert.equal(entries[0]?.sequence, 20)
    await again.stop()
  })

  it('refuses a folder that another process has open, and says what to do', async () => {
    const holder = `
      import { LevelStore } from ${JSON.stringify(new URL('../../src/store/leveldb.js', import.meta.url).href)}
      await new LevelStore({ storageDir: ${JSON.stringify(folder)} }).start()
      console.log('open')
      process.stdin.resume()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder])
    await once(child.stdout, 'data')
    await assert.rejects(started(), { code: 'STORE_LOCKED', message: /leveldb\.storageDir/ })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await started()).stop()
  })

  it('keeps its lock against other processes when this one tries to open it twice', async () => {
    const store = await started()
    await assert.rejects(started(), { code: 'STORE_LOCKED' })
    const intruder = `
      import { LevelStore } from ${JSON.stringify(new URL('../../src/store/leveldb.js', import.meta.url).href)}
      await new LevelStore({ storageDir: ${JSON.stringify(folder)} }).start().then(
        () => console.log('opened'), (error) => console.log(error.code))
      process.exit()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', intruder])
    const [answer] = await once(child.stdout, 'data')
    assert.equal(String(answer).trim(), 'STORE_LOCKED')
    await store.stop()
  })

  it('says which folder it cannot use', async () => {
    const file = join(folder, 'file')
    await (await open(file, 'w')).close()
    await assert.rejects(new LevelStore({ storageDir: file }).start(), {
      code: 'STORE_FAILED',
      message: new RegExp(`${file}.*leveldb\\.storageDir`),
    })
  })

  it('makes no new database in the place of one that is damaged, and says what to do', async () => {
    await (await started()).stop()
    const current = join(folder, 'ssehub.db', 'CURRENT')
    await rm(current)
    const before = await readdir(join(folder, 'ssehub.db'))
    const failure = { code: 'STORE_FAILED', message: /restore the folder from a backup, or move/ }
    await assert.rejects(started(), failure)
    const after = await readdir(join(folder, 'ssehub.db'))
    for (const name of before.filter((file) => file.endsWith('.log'))) {
      assert.ok(after.includes(name), name)
    }
  })

  it('makes no database where it is not to', async () => {
    await assert.rejects(new LevelStore({ storageDir: folder, create: false }).start(), {
      code: 'STORE_FAILED',
      message: `there is no leveldb database in ${join(folder, 'ssehub.db')}; set leveldb.storageDir to the one of the hub`,
    })
    assert.deepEqual(await readdir(folder), [])
  })

  it('refuses events while it cannot write, then goes on where subscribers stand', async () => {
    const reports: string[] = []
    const store = await started({ report: (message: string) => reports.push(message) })
    const followed: Entry[] = []
    const channel = await store.open('test', OPTIONS, {
      ...NOBODY,
      accept: (entry) => followed.push(entry),
    })
    await channel.append(checkEvent({ id: '1', data: '' }))
    await failWrite(() => channel.append(checkEvent({ id: '2', data: '' })))
    await channel.append(checkEvent({ id: '3', data: '' }))
    assert.deepEqual(
      followed.map(({ id, sequence }) => [id, sequence]),
      [
        ['1', 1],
        ['3', 2],
      ],
    )
    assert.equal(reports.length, 1)
    await store.stop()
    const again = await started()
    assert.deepEqual(await idsIn(again), ['1', '3'])
    await again.stop()
  })

  it('opens channels after a write that failed, not only those that it has open', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    await failWrite(() => channel.append(checkEvent({ id: '1', data: '' })))
    const other = await store.open('other', OPTIONS, NOBODY)
    await other.append(checkEvent({ id: '1', data: '' }))
    assert.deepEqual(await store.channels(), ['other'])
    await store.stop()
  })

  it('closes its database after a write that failed at the opening of a channel, too', async () => {
    const before = await started()
    const idle = await before.open('idle', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await idle.append(checkEvent({ id, data: '' }))
    await before.stop()
    const store = await started()
    let closed = 0
    const { close } = ClassicLevel.prototype
    ClassicLevel.prototype.close = function (this: ClassicLevel) {
      closed += 1
      return close.call(this)
    }
    try {
      const shorter = { ...OPTIONS, cacheLength: 1 }
      await failWrite(() => store.open('idle', shorter, NOBODY))
      assert.equal(closed, 1)
      await store.open('idle', shorter, NOBODY)
    } finally {
      ClassicLevel.prototype.close = close
    }
    await store.stop()
    const again = await started()
    assert.equal((await again.read('idle', OPTIONS)).evictedThrough, 2)
    await again.stop()
  })

  it('removes what a failed write left on disk after all, and gives its number again', async () => {
    const store = await started()
    const followed: Entry[] = []
    const channel = await store.open('test', OPTIONS, {
      ...NOBODY,
      accept: (entry) => followed.push(entry),
    })
    await channel.append(checkEvent({ id: '1', data: '' }))
    await failWrite(() => channel.append(checkEvent({ id: 'ghost', data: '' })), true)
    await channel.append(checkEvent({ data: 'without an id' }))
    await store.stop()
    const again = await started()
    assert.deepEqual(await idsIn(again), ['1'])
    await again.stop()
    assert.equal(followed[1]?.sequence, 2)
  })

  it('does not know a delivery again of which a failed write has left a row on disk', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    const delivery = { key: 'm:1', isRepeat: true }
    const deliver = (to: StoredChannel) => to.append(checkEvent({ id: '1', data: '' }), delivery)
    await failWrite(() => deliver(channel), true)
    await channel.append(checkEvent({ id: 'other', data: '' }))
    await store.stop()
    const again = await started()
    assert.equal((await deliver(await again.open('test', OPTIONS, NOBODY)))?.id, '1')
    assert.deepEqual(await idsIn(again), ['other', '1'])
    await again.stop()
  })

  it('removes what a failed write left on disk of a channel that is closed, or stopped, then', async () => {
    const publish = (to: StoredChannel, id: string) => to.append(checkEvent({ id, data: '' }))
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    await publish(channel, '1')
    await failWrite(() => publish(channel, 'ghost'), true)
    channel.close()
    assert.deepEqual(await idsIn(store), ['1'])
    await store.stop()
    const next = await started()
    const reopened = await next.open('test', OPTIONS, NOBODY)
    await failWrite(() => publish(reopened, 'ghost'), true)
    await next.stop()
    const again = await started()
    assert.deepEqual(await idsIn(again), ['1'])
    await again.stop()
  })

  it('counts as gone what an event was to replace whose failed write reached the disk', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: '' }))
    await failWrite(() => channel.append(checkEvent({ id: '2', data: 'new' })), true)
    await channel.append(checkEvent({ data: 'without an id' }))
    await store.stop()
    const again = await started()
    const { entries, evictedThrough } = await again.read('test', OPTIONS)
    const ids = entries.map(({ id }) => id)
    assert.ok(ids.includes('2') || evictedThrough >= 2, `${ids}, ${evictedThrough}`)
    await again.stop()
  })

  it('never gives a number twice, though the database has lost what subscribers saw', async () => {
    const store = await started()
    const followed: Entry[] = []
    const channel = await store.open('test', OPTIONS, {
      ...NOBODY,
      accept: (entry) => followed.push(entry),
    })
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: '' }))
    await rm(store.folder, { recursive: true })
    await failWrite(() => channel.append(checkEvent({ id: '4', data: '' })))
    await channel.append(checkEvent({ id: '5', data: '' }))
    assert.equal(followed.at(-1)?.sequence, 4)
    assert.equal((await channel.read(0)).evictedThrough, 3)
    await store.stop()
  })

  it('writes what is under way when it is stopped', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    const appends = ['1', '2', '3'].map((id) => channel.append(checkEvent({ id, data: '' })))
    await store.stop()
    await Promise.all(appends)
    const again = await started()
    assert.deepEqual(await idsIn(again), ['1', '2', '3'])
    await again.stop()
  })

  it('leaves damaged rows out, says so, and counts them as gone', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: id }))
    await store.stop()
    const database = new ClassicLevel<string, string>(store.folder)
    await database.put(eventKey('test', 2), '{"id":')
    await database.close()

    const reports: string[] = []
    const again = await started({ report: (message: string) => reports.push(message) })
    const damaged = await again.open('test', OPTIONS, NOBODY)
    const { entries, evictedThrough } = await damaged.read(0)
    await again.stop()
    assert.deepEqual(
      entries.map(({ id }) => id),
      ['1', '3'],
    )
    assert.equal(evictedThrough, 2)
    assert.match(reports[0] ?? '', /event 2 of channel test is damaged/)
    const later = await started()
    assert.equal((await later.read('test', OPTIONS)).evictedThrough, 2)
    await later.stop()
  })

  it('remembers what a shorter history pushed out, also where nothing comes after it', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: '' }))
    await store.stop()
    const shorter = await started()
    await shorter.open('test', { ...OPTIONS, cacheLength: 1 }, NOBODY)
    await shorter.stop()
    const later = await started()
    assert.equal((await later.read('test', OPTIONS)).evictedThrough, 2)
    await later.stop()
  })

  it('says what to do about a table that cannot be read', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: id }))
    await store.stop()
    await (await started()).stop() // makes a table of the log
    const table = (await readdir(store.folder)).find((name) => name.endsWith('.ldb')) as string
    const { size } = await stat(join(store.folder, table))
    await writeFile(join(store.folder, table), Buffer.alloc(size))
    const again = await started()
    const failure = { code: 'STORE_FAILED', message: /channel test .*restore the folder from a/ }
    await assert.rejects(again.open('test', OPTIONS, NOBODY), failure)
    await again.stop()
  })

  it('knows an event that has changed on the disk for damaged, though it still is one', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: 'as it was' }))
    await store.stop()
    const database = new ClassicLevel<string, string>(store.folder)
    const key = eventKey('test', 2)
    const row = (await database.get(key)) as string
    await database.put(key, row.replace('as it was', 'as it Was'))
    await database.put(eventKey('test', 3), row)
    await database.close()
    const again = await started()
    const { entries, evictedThrough } = await again.read('test', OPTIONS)
    await again.stop()
    assert.deepEqual(
      entries.map(({ id }) => id),
      ['1'],
    )
    assert.equal(evictedThrough, 3)
  })

  it('reads what a hub wrote that gave rows no checksum', async () => {
    const store = await started()
    const database = new ClassicLevel<string, string>(store.folder)
    await store.stop()
    await database.put(channelKey('test'), '{"epoch":"e","head":7,"evictedThrough":2}')
    await database.put(eventKey('test', 7), '{"data":"x","id":"1","place":7,"first":7,"time":1}')
    await database.close()
    const again = await started()
    const { epoch, head, evictedThrough, entries } = await again.read('test', OPTIONS)
    await again.stop()
    assert.deepEqual([epoch, head, evictedThrough, entries[0]?.id], ['e', 7, 2, '1'])
  })

  it('counts all before the oldest event as gone where it has lost what it knew of the channel', async () => {
    const options = { ...OPTIONS, cacheLength: 2 }
    const store = await started()
    const channel = await store.open('test', options, NOBODY)
    for (const id of ['1', '2', '3', '4']) await channel.append(checkEvent({ id, data: id }))
    await store.stop()
    const database = new ClassicLevel<string, string>(store.folder)
    await database.put(channelKey('test'), '{"epoch":')
    await database.close()

    const reports: string[] = []
    const again = await started({ report: (message: string) => reports.push(message) })
    const { head, entries, evictedThrough } = await again.read('test', options)
    await again.stop()
    assert.deepEqual([head, evictedThrough, entries.map(({ id }) => id)], [4, 2, ['3', '4']])
    assert.match(reports[0] ?? '', /channel test .*is damaged or lost/)
  })

  it('says once that it has lost what it knew of a channel that has no events', async () => {
    const database = new ClassicLevel<string, string>(join(folder, 'ssehub.db'))
    await database.put(channelKey('test'), '{"epoch":')
    await database.close()
    const epochs: string[] = []
    const reports: string[] = []
    for (const _ of [1, 2]) {
      const store = await started({ report: (message: string) => reports.push(message) })
      const channel = await store.open('test', OPTIONS, NOBODY)
      epochs.push((await channel.read(0)).epoch)
      await store.stop()
    }
    assert.equal(epochs[0], epochs[1])
    assert.equal(reports.length, 1)
    assert.match(reports[0] ?? '', /channel test .*is damaged or lost/)
  })

  it('changes nothing where it is only read', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    for (const id of ['1', '2', '3']) await channel.append(checkEvent({ id, data: id }))
    await store.stop()
    const reader = await started()
    const { entries } = await reader.read('test', { ...OPTIONS, cacheLength: 1 })
    assert.deepEqual(
      entries.map(({ id }) => id),
      ['3'],
    )
    await reader.stop()
    const again = await started()
    assert.deepEqual(await idsIn(again), ['1', '2', '3'])
    await again.stop()
  })

  it('lets no old bytes put a line into a stream that is not data', async () => {
    const store = await started()
    const channel = await store.open('test', OPTIONS, NOBODY)
    await channel.append(checkEvent({ id: '1', data: 'x' }))
    await store.stop()
    const database = new ClassicLevel<string, string>(store.folder)
    const forged = { id: '1\ndata: forged', event: 'a\r\nid: 9', data: 'one\rtwo' }
    await database.put(eventKey('test', 1), JSON.stringify(forged))
    await database.close()
    const again = await started()
    const [entry] = (await (await again.open('test', OPTIONS, NOBODY)).read(0)).entries
    await again.stop()
    assert.equal(
      entry?.frame.toString(),
      'id: 1data: forged\nevent: aid: 9\ndata: one\ndata: two\n\n',
    )
  })

  it('holds on disk little more than the history, however much went through', async function () {
    this.timeout(60_000)
    const store = await started()
    const channel = await store.open('test', { ...OPTIONS, cacheLength: 10 }, NOBODY)
    const data = 'x'.repeat(1000)
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) =>
          channel.append(checkEvent({ id: `${round * 1000 + index}`, data })),
        ),
      )
    }
    await store.stop()
    let bytes = 0
    for (const name of await readdir(store.folder))
      bytes += (await readFile(join(store.folder, name))).length
    await rm(store.folder, { recursive: true })
    assert.ok(bytes < 20_000_000, `${bytes} bytes of 50,000,000 are left on disk`)
  })
})

/** Lets the next write fail as on a full disk; it may have reached the disk all the same. */
async function failWrite(append: () => Promise<unknown>, hasWritten = false): Promise<void> {
  const restore = interceptWrites(async (write) => {
    if (hasWritten) await write()
    await noSpace()
  })
  try {
    await assert.rejects(append(), { code: 'STORE_FAILED', message: /No space left/ })
  } finally {
    restore()
  }
}
