import assert from 'node:assert/strict'
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveConfig } from '../../src/config/resolve.js'
import { defaultStorageDir, storageDirs } from '../../src/config/storage-dir.js'
import { HubError } from '../../src/errors.js'
import { makeFolder } from '../helpers/folder.js'

describe('the folder for histories where none is configured', () => {
  const { TMPDIR } = process.env
  let folder: string
  let clean: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
  })
  afterEach(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    await clean()
  })

  /** A path at which no folder can be made. */
  function blocked(): string {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    return file
  }

  it('is in $XDG_STATE_HOME, made for this user alone', () => {
    const state = join(folder, 'state')
    const found = defaultStorageDir({ XDG_STATE_HOME: state, HOME: folder })
    assert.equal(found, join(state, 'ssehub'))
    assert.equal(statSync(found).mode & 0o777, 0o700)
    assert.equal(defaultStorageDir({ XDG_STATE_HOME: state }), found)
  })

  it('is in the home folder if $XDG_STATE_HOME is not set, not absolute or of no use', () => {
    for (const XDG_STATE_HOME of [undefined, '', 'state', blocked()]) {
      const found = defaultStorageDir({ XDG_STATE_HOME, HOME: folder })
      assert.equal(found, join(folder, '.local/state/ssehub'))
    }
  })

  it('is in the folder for temporary files if the home folder is of no use', () => {
    process.env.TMPDIR = folder
    const found = defaultStorageDir({ HOME: blocked() })
    assert.equal(found, join(folder, `ssehub-${process.getuid?.()}`))
    assert.ok(existsSync(found))
  })

  it('is not one for temporary files that somebody else may have put there', () => {
    process.env.TMPDIR = folder
    symlinkSync(tmpdir(), join(folder, `ssehub-${process.getuid?.()}`))
    const env = { HOME: blocked() }
    assert.throws(
      () => defaultStorageDir(env),
      (error: unknown) => {
        assert.ok(error instanceof HubError)
        assert.equal(error.code, 'INVALID_CONFIG')
        for (const tried of storageDirs(env))
          assert.ok(error.message.includes(tried), error.message)
        return true
      },
    )
  })

  it('is made only if a channel uses leveldb', () => {
    const env = { HOME: folder }
    const channels = [{ path: 'a', cacheAdapter: 'leveldb' }]
    const path = join(folder, '.local/state/ssehub')
    assert.equal(resolveConfig({}, 'a test', { env }).config.leveldb.storageDir, path)
    assert.ok(!existsSync(path))
    assert.equal(resolveConfig({ channels }, 'a test', { env }).config.leveldb.storageDir, path)
    assert.ok(existsSync(path))
  })
})
