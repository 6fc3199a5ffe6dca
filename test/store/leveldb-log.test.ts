import assert from 'node:assert/strict'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { checkEvent } from '../../src/event/event.js'
import { LevelStore } from '../../src/store/leveldb.js'
import { damageIn, findDamagedLog } from '../../src/store/leveldb-log.js'
import { NOBODY } from '../../src/store/store.js'
import { makeFolder } from '../helpers/folder.js'

describe('a log of LevelDB', () => {
  let folder: string
  let clean: () => Promise<void>

  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
  })

  afterEach(() => clean())

  /** Writes events one by one; resolves with the file of their log, and its bytes. */
  const logOf = async (events: number, size: number) => {
    const store = new LevelStore({ storageDir: folder })
    await store.start()
    const options = { cacheLength: 1000, assignIds: false }
    const channel = await store.open('test', options, NOBODY)
    for (let id = 1; id <= events; id += 1) {
      await channel.append(checkEvent({ id: `${id}`, data: 'x'.repeat(size) }))
    }
    await store.stop()
    const name = (await readdir(store.folder)).find((file) => file.endsWith('.log')) ?? ''
    const file = join(store.folder, name)
    return { name, file, log: await readFile(file) }
  }

  const flipped = (log: Buffer, at: number, bit: number) => {
    const copy = Buffer.from(log)
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at)
    return copy
  }

  it('is whole as it is written, and torn wherever it ends', async () => {
    const { log } = await logOf(6, 20_000)
    assert.equal(damageIn(log), undefined)
    fc.assert(
      fc.property(fc.nat(log.length - 1), fc.boolean(), (at, isFilled) => {
        const torn = Buffer.concat([log.subarray(0, at), Buffer.alloc(isFilled ? 30_000 : 0)])
        assert.equal(damageIn(torn), undefined)
      }),
    )
  })

  it('is damaged where any bit is another', async () => {
    const { log } = await logOf(5, 30)
    for (let at = 0; at < log.length; at += 1) {
      const damage = damageIn(flipped(log, at, at % 8))
      assert.ok(damage !== undefined && damage <= at, `the bit at ${at}`)
    }
  })

  it('is damaged where any bit of events that take several blocks is another', async () => {
    const { log } = await logOf(3, 80_000)
    fc.assert(
      fc.property(fc.nat(log.length - 1), fc.nat(7), (at, bit) => {
        assert.notEqual(damageIn(flipped(log, at, bit)), undefined)
      }),
    )
  })

  it('that is damaged keeps the hub from starting without its events, and says what to do', async () => {
    const { name, file, log } = await logOf(5, 30)
    await writeFile(file, flipped(log, 100, 0))
    const failure = {
      code: 'STORE_FAILED',
      message: new RegExp(`${name} is damaged at byte 0.*restore the folder from a backup`),
    }
    await assert.rejects(new LevelStore({ storageDir: folder }).start(), failure)
    assert.deepEqual(await readFile(file), flipped(log, 100, 0), 'nothing is thrown away')
    await writeFile(file, log)
    const store = new LevelStore({ storageDir: folder })
    const { entries } = await store.read('test', { cacheLength: 10, assignIds: false })
    assert.equal(entries.length, 5)
    await store.stop()
  })

  it('may be gone when its turn comes, as where a hub runs', async () => {
    const { file } = await logOf(1, 1)
    await symlink('nothing', join(dirname(file), '999999.log'))
    assert.equal(await findDamagedLog(dirname(file)), undefined)
  })
})
