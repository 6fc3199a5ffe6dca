import assert from 'node:assert/strict'
import { cli } from '../helpers/cli.js'

/** What Node.js does for a user who is not in /etc/passwd. */
const STRANGER = `
  import os from 'node:os'
  import { syncBuiltinESMExports } from 'node:module'
  os.userInfo = () => { throw new Error('uv_os_get_passwd returned ENOENT') }
  os.homedir = () => process.env.HOME ?? os.userInfo()
  syncBuiltinESMExports()
`

describe('a user who is not in /etc/passwd, as in containers', () => {
  it('can run commands', async () => {
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(STRANGER)}`
    const env = { HOME: undefined, SHELL: undefined, NODE_OPTIONS }
    const { code, stdout, stderr } = await cli(['--version'], { env })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^ssehub\//)
  })
})
