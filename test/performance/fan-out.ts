/**
 * What single events cost the hub, compared with a bare C loop of send(): the same events at the
 * same rate to the same readers, in turn. By hand, on Linux with a C compiler:
 *
 *     npm run build && node dist/test/performance/fan-out.js [READERS] [EVENTS] [RATE] [RUNS]
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fetchStats } from '../../src/client/stats.js'
import { makeFolder } from '../helpers/folder.js'
import { packageRoot } from '../helpers/package-root.js'

const [readers = 1000, events = 400, rate = 80, runs = 5] = process.argv.slice(2).map(Number)

/** Clock ticks of /proc a second. */
const TICKS = 100

const { folder, clean } = await makeFolder()
const program = join(folder, 'fan-out')
const source = join(packageRoot, 'test/performance/fan-out.c')
execFileSync('cc', ['-O2', '-o', program, source])

/** All that a C half prints. */
async function output(...args: readonly (string | number)[]): Promise<string> {
  const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return text.trim()
}

async function bareLoop(port: number): Promise<number> {
  const served = output('serve', port, readers, events, rate)
  await pause(300)
  const read = output('read', port, readers, '/', readers * events)
  const [, cost] = (await served).split('\n')
  await read
  return Number(cost)
}

async function hub(port: number): Promise<number> {
  const file = join(folder, 'config.json')
  await writeFile(file, '{"default":{"cacheAdapter":"memory"}}')
  const run = join(packageRoot, 'bin/run.js')
  const args = [run, 'serve', '--config', file, '--host', '127.0.0.1', '--port', `${port}`]
  const served = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const url = `http://127.0.0.1:${port}`
  for await (const text of served.stdout) if (String(text).includes(url)) break
  const warmUp = 20
  const total = readers * (events + warmUp)
  const read = output('read', port, readers, '/test', total)
  while ((await fetchStats(url)).global.clients < readers) await pause(100)
  await publish(port, warmUp)
  await pause(500)
  const before = cpuSeconds(served.pid as number)
  await publish(port, events)
  if (Number(await read) !== total) throw new Error('events are missing')
  const cost = ((cpuSeconds(served.pid as number) - before) * 1e6) / (readers * events)
  served.kill()
  await once(served, 'exit')
  return cost
}

async function publish(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = JSON.stringify({ id: 1, data: '7'.padStart(100, '0') })
  const headers = { 'Content-Length': body.length }
  const start = performance.now()
  for (let event = 0; event < count; event += 1) {
    await pause(Math.max(0, start + (event * 1000) / rate - performance.now()))
    const post = request({ port, path: '/test', method: 'POST', agent, headers }).end(body)
    const [answer] = await once(post, 'response')
    await once(answer.resume(), 'end')
  }
  agent.destroy()
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

const costs = { bare: [] as number[], ours: [] as number[] }
for (let run = 0; run < runs; run += 1) {
  const bare = await bareLoop(20_000 + run)
  const ours = await hub(21_000 + run)
  costs.bare.push(bare)
  costs.ours.push(ours)
  process.stdout.write(
    `${readers} readers: bare loop ${bare.toFixed(2)} us, hub ${ours.toFixed(2)} us of CPU a delivery: ${(ours / bare).toFixed(2)}\n`,
  )
}
const ratio = Math.min(...costs.ours) / Math.min(...costs.bare)
process.stdout.write(`best of ${runs} each: ${ratio.toFixed(2)} times the bare loop\n`)
await clean()
