import assert from 'node:assert/strict'
import { seedOfRun } from '../helpers/random.js'
import { runScenario } from './harness/run.js'
import { SCENARIOS } from './harness/scenarios.js'
import { table } from './harness/table.js'

/** Of each scenario; `node dist/test/faults/run.js` makes more happen, for longer. */
const FAULTS = 3
const LENGTHS = { least: 100, most: 400 }

describe('whatever happens to it, a hub loses no acked event without a word', function () {
  this.timeout(120_000)
  const seed = seedOfRun()

  for (const scenario of Object.keys(SCENARIOS)) {
    it(`${scenario} (SSEHUB_TEST_SEED=${seed})`, async () => {
      const options = { seed, faults: FAULTS, lengths: LENGTHS, isShort: true }
      const { row, deeds, violations } = await runScenario(scenario, options)
      assert.deepEqual(violations, [], `${table([row])}\n${deeds.join('\n')}`)
      assert.ok(Number(row.acked) > 0 && Number(row.delivered) > 0)
    })
  }
})
