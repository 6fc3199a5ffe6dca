/**
 * Sends a hub what is not HTTP, or hardly, while others use it. By hand:
 *
 *     npm run build && node dist/test/fuzz/run.js [--seconds N] [--seed N]
 */
import { parseArgs } from 'node:util'
import { seedOfRun } from '../helpers/random.js'
import { fuzz } from './fuzzer.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${seedOfRun()}` },
  },
})
const print = (text: string) => process.stdout.write(`${text}\n`)

print(`seed ${values.seed}, ${values.seconds} s`)
const { inputs, statuses, memory, faults } = await fuzz(Number(values.seconds), Number(values.seed))
const counts = [...statuses].sort().map(([status, count]) => `${status}: ${count}`)
print(`${inputs} inputs; answers ${counts.join(', ')}; at most ${memory / 1e6} MB of memory`)
for (const fault of faults) print(fault)
print(`${faults.length} faults`)
process.exit(faults.length > 0 ? 1 : 0)
