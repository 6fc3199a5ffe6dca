import assert from 'node:assert/strict'
import { publicMessageOf } from '../src/errors.js'

describe('what clients are told of an error', () => {
  for (const [message, told] of [
    ['IO error: /a b/c/000005.log: No space left on device', 'IO error: No space left on device'],
    ['IO error: C:\\hub\\000005.log: Input/output error', 'IO error: Input/output error'],
    ["EACCES: permission denied, mkdir '/var/lib/hub'", 'EACCES'],
    ['cannot open the leveldb database in /a: IO error: /a/LOCK: no', 'IO error: no'],
    ['/var/lib/hub', 'see the log of the hub'],
    ['the leveldb store is closed', 'the leveldb store is closed'],
  ] as const) {
    it(`says why, but no path: ${told}`, () => {
      assert.equal(publicMessageOf(new Error(message)), told)
    })
  }
})
