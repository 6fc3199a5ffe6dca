import { execFileSync } from 'node:child_process'
import { descriptorsOf, processes, targetOf, textOf } from '../proc.js'
import { sum } from '../sum.js'

/** State of a socket that listens, in /proc/net/tcp. */
const LISTENING = '0A'

/** Stand between clients and the server: their figures are not the server's. */
const MIDDLEMEN = new Set(['docker-proxy', 'ssh', 'sshd'])

/**
 * The processes that listen on a port of this machine. None where that cannot be seen: on other
 * systems than Linux, or where they are another user's.
 */
export function listenersOn(port: number): number[] {
  const sockets = new Set(listening(port).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return []
  const pids = processes().filter((pid) =>
    descriptorsOf(pid).some((fd) => sockets.has(targetOf(pid, fd) ?? '')),
  )
  return pids.some((pid) => MIDDLEMEN.has(nameOf(pid))) ? [] : pids
}

/** Whether there is a process of that number. */
export function isRunning(pid: number): boolean {
  return statOf(pid).length > 1
}

/** Seconds of CPU that processes, and those that they have started, have used. */
export function cpuOf(pids: readonly number[]): number {
  return sum(withChildren(pids).map(ticksOf)) / ticksPerSecond()
}

/** Bytes of memory that are resident for them; what they share counts once. */
export function memoryOf(pids: readonly number[]): number {
  return sum(withChildren(pids).map(residentOf))
}

function listening(port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['net/tcp', 'net/tcp6'].flatMap((file) => {
    const rows = textOf('self', file).split('\n').slice(1)
    return rows.flatMap((row) => {
      const [, address = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/)
      return address.endsWith(local) && state === LISTENING ? [inode] : []
    })
  })
}

function withChildren(pids: readonly number[]): number[] {
  const parents = new Map(processes().map((pid) => [pid, Number(statOf(pid)[1])]))
  const family = new Set(pids)
  for (let size = 0; size < family.size; ) {
    size = family.size
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid)
  }
  return [...family]
}

/** User and system time. */
function ticksOf(pid: number): number {
  const [user = 0, system = 0] = statOf(pid).slice(11, 13).map(Number)
  return user + system
}

/** Its share of what is resident, or where only its owner may know that, all of it. */
function residentOf(pid: number): number {
  const kilobytes =
    /^Pss:\s+(\d+)/m.exec(textOf(pid, 'smaps_rollup')) ??
    /^VmRSS:\s+(\d+)/m.exec(textOf(pid, 'status'))
  return Number(kilobytes?.[1] ?? 0) * 1024
}

/** What /proc says of a process, from its state on. */
function statOf(pid: number): string[] {
  const text = textOf(pid, 'stat')
  return text.slice(text.lastIndexOf(')') + 2).split(' ') // its name may hold anything
}

function nameOf(pid: number): string {
  return textOf(pid, 'comm').trim()
}

function ticksPerSecond(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || 100
  } catch {
    return 100 // there is no getconf; it is so nearly everywhere
  }
}
