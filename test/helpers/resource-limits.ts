import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How many descriptors a process has open. */
export async function openDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length
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
