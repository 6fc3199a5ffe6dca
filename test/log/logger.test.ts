import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { endWithTest } from '../helpers/process.js'

const LOGGER = new URL('../../src/log/logger.js', import.meta.url)

/** Logs more than a pipe holds, says so, and fails. */
const FAILS = `
  import { writeSync } from 'node:fs'
  import { createLogger } from ${JSON.stringify(LOGGER)}
  const logger = createLogger('info', undefined)
  for (let line = 0; line < 1000; line += 1) logger.info('x'.repeat(200))
  writeSync(1, 'full')
  logger.fatal('the last words')
  process.exit(1)
`

describe('the log of a process that fails', () => {
  it('waits for who reads it, so that its last words are there', async () => {
    const args = ['--input-type=module', '--eval', FAILS]
    const end = /"the last words"\}\n$/
    let text = ''
    // It waits for a second, in which a machine that is busy may not have come to read all.
    for (let tries = 0; tries < 5 && !end.test(text); tries += 1) {
      const child = endWithTest(spawn(process.execPath, args, { detached: true }))
      await once(child.stdout, 'data')
      text = ''
      for await (const chunk of child.stderr) text += chunk
    }
    assert.match(text, end)
  })
})
