/**
 * Makes faults happen to hubs while events are published and followed, and says whether any that
 * was acked is lost without a word. By hand, on Linux, with redis-server and rabbitmq-server:
 *
 *     npm run build && node dist/test/faults/run.js [--faults N] [--seed N] [--scenario NAME] [--fault REGEXP]
 */
import { parseArgs } from 'node:util'
import { seedOfRun } from '../helpers/random.js'
import { type Result, runScenario } from './harness/run.js'
import { SCENARIOS } from './harness/scenarios.js'
import { table } from './harness/table.js'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '200' },
    seed: { type: 'string', default: `${seedOfRun()}` },
    scenario: { type: 'string', multiple: true, default: Object.keys(SCENARIOS) },
    fault: { type: 'string', default: '' },
    deeds: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const faults = Number(values.faults)
const print = (text: string) => process.stdout.write(`${text}\n`)

const results: Result[] = []
for (const [index, scenario] of values.scenario.entries()) {
  const share = Math.floor((faults + index) / values.scenario.length)
  const lengths = { least: 200, most: 1500 }
  print(`${scenario}: ${share} faults, seed ${seed + index}`)
  const result = await runScenario(scenario, {
    seed: seed + index,
    faults: share,
    lengths,
    which: new RegExp(values.fault),
  })
  results.push(result)
  for (const violation of result.violations.slice(0, 20)) print(`  ${violation}`)
  if (values.deeds || result.violations.length > 0) print(result.deeds.join('\n'))
}

const counts = new Map<string, number>()
for (const result of results) {
  for (const [name, count] of result.counts) counts.set(name, (counts.get(name) ?? 0) + count)
}
print(`\n${table(results.map(({ row }) => row))}`)
print(`\n${table([...counts].sort().map(([fault, times]) => ({ fault, times })))}`)
const violations = results.flatMap((result) => result.violations)
print(`\nseed ${seed}: ${faults} faults, ${violations.length} violations`)
process.exit(violations.length > 0 ? 1 : 0)
