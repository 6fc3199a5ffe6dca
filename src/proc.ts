import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

// What Linux tells of processes in /proc. Processes come and go while they are looked at, and some
// are not to be looked at: there is nothing then, as on other systems.

/** The numbers of all processes. */
export function processes(): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** What a file of a process holds, as `stat`. */
export function textOf(process: number | 'self', name: string): string {
  return attempt(() => readFileSync(`/proc/${process}/${name}`, 'utf8')) ?? ''
}

/** The descriptors that a process has open; none where only their owner may see them. */
export function descriptorsOf(process: number | 'self'): string[] {
  return list(`/proc/${process}/fd`)
}

/** What a descriptor of a process is of, as `pipe:[4711]`. */
export function targetOf(process: number | 'self', descriptor: string): string | undefined {
  return attempt(() => readlinkSync(`/proc/${process}/fd/${descriptor}`))
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? []
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
