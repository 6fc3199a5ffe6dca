import assert from 'node:assert/strict'
import { readFile, rename, rm, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { LogFile } from '../../src/log/log-file.js'
import { makeFolder } from '../helpers/folder.js'
import { until } from '../helpers/until.js'

describe("a log's file", () => {
  let folder: string
  let clean: () => Promise<void>
  let path: string
  let errors: Error[]
  let file: LogFile
  beforeEach(async () => {
    ;({ folder, clean } = await makeFolder())
    path = join(folder, 'log', 'ssehub.log')
    errors = []
    file = new LogFile(path, (error) => errors.push(error), 5)
    file.write('one\n')
  })
  afterEach(async () => {
    file.end()
    await clean()
  })

  const content = (name = path) => readFile(name, 'utf8').catch(() => undefined)

  it('is begun anew when it was moved away, as by logrotate', async () => {
    await rename(path, `${path}.1`)
    await until(async () => (await content()) === '')
    file.write('two\n')
    assert.deepEqual([await content(`${path}.1`), await content()], ['one\n', 'two\n'])
  })

  it('is begun anew when it was removed, with its folder', async () => {
    await rm(join(folder, 'log'), { recursive: true })
    await until(async () => (await content()) === '')
    file.write('two\n')
    assert.equal(await content(), 'two\n')
  })

  it('is gone on with by another process, and after a moment in which it could not be', async () => {
    await unlink(path)
    await symlink(folder, path) // which cannot be written
    await until(() => errors.length > 1)
    await unlink(path)
    await until(async () => (await content()) === '')
    file.write('two\n')
    const other = new LogFile(path, (error) => errors.push(error))
    other.write('three\n')
    other.end()
    assert.equal(await content(), 'two\nthree\n')
  })
})
