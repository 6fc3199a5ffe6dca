import assert from 'node:assert/strict'
import { BurstLog } from '../../src/limits/burst-log.js'
import { answerFor, type RequestError } from '../../src/server/errors.js'
import { TestLog } from '../helpers/log.js'

describe('an error of the hub itself', () => {
  it('is logged with its reason, which its answer does not tell; without end, in a few lines', () => {
    const log = new TestLog()
    const burstLog = new BurstLog(log.logger)
    const error = new TypeError('what nobody expected') as RequestError
    for (let count = 0; count < 50; count += 1) {
      const { statusCode, body } = answerFor(error, burstLog)
      assert.equal(statusCode, 500)
      assert.doesNotMatch(JSON.stringify(body), /nobody expected/)
    }
    assert.ok(log.lines.length < 30, `${log.lines.length} lines`)
    assert.match(log.lines[0] ?? '', /a request failed/)
    assert.match(log.lines[0] ?? '', /what nobody expected/)
  })
})
