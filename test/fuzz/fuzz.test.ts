import assert from 'node:assert/strict'
import { seedOfRun } from '../helpers/random.js'
import { fuzz } from './fuzzer.js'

/** `node dist/test/fuzz/run.js` goes on for longer. */
const SECONDS = 4

describe('whatever is sent to it', function () {
  this.timeout(60_000)
  const seed = seedOfRun()

  it(`a hub answers, and others see what was published, nothing else (SSEHUB_TEST_SEED=${seed})`, async () => {
    const { inputs, statuses, faults } = await fuzz(SECONDS, seed)
    assert.deepEqual(faults, [])
    assert.ok(inputs > 50)
    assert.ok(statuses.has('200') && statuses.has('400'), 'some inputs are requests, some are not')
  })
})
