import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How many descriptors a process has open. */
export async function openDescriptors(pid = process.pid): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length
}

/** How many descriptors this process and those that it has started have open. */
export async function allOpenDescriptors(): Promise<number> {
  const { pid } = process
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const pids = [pid, ...children.split(' ').filter(Boolean).map(Number)]
  const counts = await Promise.all(pids.map((one) => openDescriptors(one)))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Bytes of memory that a process has. */
export async function residentBytes(pid = process.pid): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** Ticks of the system's clock in a second. */
const TICKS = 100

/** Seconds of CPU that a process has used. */
export async function cpuSeconds(pid = process.pid): Promise<number> {
  const [, text = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')
  const fields = text.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Lets a running process have no more descriptors than so many; undefined: as many as it may. */
export async function limitDescriptors(pid: number, limit?: number): Promise<void> {
  await set(pid, 'nofile', limit)
}

/** Lets no file of a running process grow beyond so many bytes; undefined: as it likes. */
export async function limitFileSize(pid: number, limit?: number): Promise<void> {
  await set(pid, 'fsize', limit)
}

/** The soft limit alone, which can be raised again. */
async function set(pid: number, name: string, limit: number | undefined): Promise<void> {
  const { stdout } = await run('prlimit', [
    `--pid=${pid}`,
    `--${name}`,
    '--output=HARD',
    '--noheadings',
  ])
  await run('prlimit', [`--pid=${pid}`, `--${name}=${limit ?? stdout.trim()}:`])
}
