import assert from 'node:assert/strict'
import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { FileKeys } from '../../src/access/file-keys.js'
import { makeFolder } from '../helpers/folder.js'

describe('keys in a file', () => {
  let file: string
  let clean: () => Promise<void>
  let keys: FileKeys
  let time: number
  const log: string[] = []

  /** The length of the secret that counts once the file has been looked at. */
  const look = async () => {
    time += 1000
    const [key] = await keys.keys()
    return key?.key.symmetricKeySize
  }

  beforeEach(async () => {
    const made = await makeFolder()
    clean = made.clean
    file = join(made.folder, 'secret')
    await writeFile(file, 'x'.repeat(40))
    await utimes(file, 1, 1)
    time = 0
    const logger = pino({ level: 'warn' }, { write: (line) => log.push(JSON.parse(line).msg) })
    keys = new FileKeys(file, { algorithms: undefined, logger, now: () => time })
    log.length = 0
  })
  afterEach(() => clean())

  it('are read again when the file is another, whatever its time says', async () => {
    await writeFile(file, `${'y'.repeat(38)}\r\n`)
    await utimes(file, 1, 1)
    assert.equal(await look(), 38)
  })

  it('stay when the file has gone, which is told once, until it is back', async () => {
    await rename(file, `${file}.old`)
    for (let looks = 0; looks < 3; looks += 1) assert.equal(await look(), 40)
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', /secret.*ENOENT.*; the old keys stay$/)
    await rename(`${file}.old`, file)
    assert.equal(await look(), 40)
    await rm(file)
    assert.equal(await look(), 40)
    assert.equal(log.length, 2)
  })
})
