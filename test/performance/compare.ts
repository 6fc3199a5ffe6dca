/**
 * The hub, nchan and a bare loop of send() under the same loads, in turn. By hand, on a Linux
 * machine that does nothing else, as root on Debian, which it installs nchan on; a C compiler:
 *
 *     npm run build && node dist/test/performance/compare.js [--quick] [--write]
 *         [--plot FILE] [--only SCENARIO,…] [--rounds N] [--workers N]
 *
 * `--write` puts the table into the README, and the plot into test/performance/comparison.svg.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchResult } from '../../src/bench/result.js'
import { makeFolder } from '../helpers/folder.js'
import { packageRoot } from '../helpers/package-root.js'
import { digits, figureOf, type Row } from './figures.js'
import { plotOf } from './plot.js'
import { SCENARIOS, type Scenario, type ServerName } from './scenarios.js'
import { type StartServer, serversHere } from './servers.js'
import { tableOf } from './table.js'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    plot: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    workers: { type: 'string', default: '1' },
  },
})
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3))
const workers = Number(flags.workers)
const only = flags.only?.split(',')
const scenarios = SCENARIOS.filter(({ name }) => only?.includes(name) ?? true)
if (scenarios.length === 0 || !(rounds >= 1) || !(workers >= 1)) {
  throw new Error(`--only takes some of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
}
if (only && flags.write) throw new Error('--write is for all scenarios')

const PICTURE = '![How ssehub compares, as in the table below](test/performance/comparison.svg)'

/** What each gave, for each metric, in all rounds. */
type Values = Map<ServerName, number[][]>

const { folder, clean } = await makeFolder()
const servers = serversHere({ folder, workers })
const faults: string[] = []

async function measure(start: StartServer, { args, quickArgs }: Scenario): Promise<BenchResult> {
  const server = await start()
  try {
    const run = join(packageRoot, 'bin/run.js')
    const load = (flags.quick ? quickArgs : args).split(' ')
    const child = spawn(process.execPath, [run, 'bench', ...server.args, ...load, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    let text = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk
    await ended
    const result = JSON.parse(text) as BenchResult & { error?: { message: string } }
    if (result.error) throw new Error(result.error.message)
    return result
  } finally {
    await server.stop()
  }
}

async function compare(scenario: Scenario): Promise<Row[]> {
  const values: Values = new Map()
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, start] of servers) {
      if (scenario.isForHubs && name === 'bare loop') continue
      const result = await measure(start, scenario)
      if (!result.verdict.ok)
        faults.push(`${scenario.name}, ${name}: ${JSON.stringify(result.verdict)}`)
      const found = scenario.metrics.map((metric) => metric.of(result))
      const all = values.get(name) ?? scenario.metrics.map(() => [])
      for (const [index, value] of found.entries()) if (value) all[index]?.push(value)
      values.set(name, all)
      const shown = found.map((value, index) => {
        const { name: of = '', unit = '' } = scenario.metrics[index] ?? {}
        return `${of} ${value === undefined ? 'unknown' : digits(value)} ${unit}`
      })
      process.stdout.write(`${scenario.name}, round ${round}, ${name}: ${shown.join(', ')}\n`)
    }
  }
  return scenario.metrics.map((metric, index) => {
    const figures = [...values].flatMap(([name, all]) => {
      const figure = figureOf(all[index] ?? [])
      return figure ? [[name, figure] as const] : []
    })
    return { scenario, metric, figures: new Map(figures) }
  })
}

/** Where it was measured, and how. */
function method(): string {
  const [cpu] = cpus()
  const machine = [
    `${cpus().length} × ${cpu?.model.trim() ?? 'CPU'}`,
    `${digits(totalmem() / 2 ** 30)} GB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
  ].join(', ')
  return `${flags.quick ? 'A quick look, at smaller loads than are named: ' : ''}${machine}; ${workers === 1 ? 'one process' : `${workers} workers`} for the streams of each; medians of ${rounds} rounds in turn (least–most), and their ratios, bold where ssehub does better.`
}

async function write(table: string): Promise<void> {
  const readme = join(packageRoot, 'README.md')
  const text = await readFile(readme, 'utf8')
  const part = /(<!-- comparison -->\n).*(<!-- \/comparison -->)/s
  if (!part.test(text)) throw new Error('the README has no place for the table')
  await writeFile(
    readme,
    text.replace(part, (_, begin, end) => `${begin}\n${PICTURE}\n\n${table}\n\n${end}`),
  )
}

const rows: Row[] = []
for (const scenario of scenarios) rows.push(...(await compare(scenario)))
const table = `${method()}\n\n${tableOf(rows, [...servers.keys()])}`
process.stdout.write(`\n${table}\n`)
if (faults.length > 0) process.stdout.write(`\nnot as it should be:\n${faults.join('\n')}\n`)
const plot = plotOf(rows, servers.has('nchan') ? 'nchan' : 'bare loop')
if (flags.plot) await writeFile(flags.plot, plot)
if (flags.write) {
  await writeFile(join(packageRoot, 'test/performance/comparison.svg'), plot)
  await write(table)
}
await clean()
