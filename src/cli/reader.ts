import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Ms between two looks. */
const INTERVAL = 250

/** An end of a pipe that a process has open. */
interface Reader {
  readonly pid: string
  readonly fd: string
}

/**
 * Calls back once nobody reads standard output any more, as with `| head`, without writing to it.
 *
 * Node has no means for that. On Linux, who has the other end of a pipe can be seen in /proc, if
 * it belongs to the same user; elsewhere, and when in doubt, the next write finds out.
 */
export function whenReaderIsGone(gone: () => void): void {
  const pipe = linkOf('self', '1')
  if (!pipe?.startsWith('pipe:')) return
  let known = readersOf(pipe)
  if (known.length === 0) return
  const timer = setInterval(() => {
    if (known.some(({ pid, fd }) => linkOf(pid, fd) === pipe)) return
    const isCertain = known.every(({ pid }) => isOver(pid))
    known = readersOf(pipe)
    if (known.length > 0) return
    clearInterval(timer)
    if (isCertain) gone()
  }, INTERVAL)
  timer.unref()
}

function readersOf(pipe: string): Reader[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => list(`/proc/${pid}/fd`).map((fd) => ({ pid, fd })))
    .filter(({ pid, fd }) => linkOf(pid, fd) === pipe && isForReading(pid, fd))
}

/** Whether a process has ended, or has an end of the pipe no more for all to see. */
function isOver(pid: string): boolean {
  return !list('/proc').includes(pid) || list(`/proc/${pid}/fd`).length > 0
}

function isForReading(pid: string, fd: string): boolean {
  const [, flags] =
    /^flags:\s+(\d+)/m.exec(
      attempt(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? '',
    ) ?? []
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 0
}

function linkOf(pid: string, fd: string): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`))
}

function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? []
}

/** Processes come and go while they are looked at, and some are not to be looked at. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
