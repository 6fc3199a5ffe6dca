import { descriptorsOf, processes, targetOf, textOf } from '../proc.js'

/** Ms between two looks. */
const INTERVAL = 250

/** An end of a pipe that a process has open. */
interface Reader {
  readonly pid: number
  readonly fd: string
}

/**
 * Calls back once nobody reads standard output any more, as with `| head`, without writing to it.
 *
 * Node has no means for that. On Linux, who has the other end of a pipe can be seen in /proc, if
 * it belongs to the same user; elsewhere, and when in doubt, the next write finds out.
 */
export function whenReaderIsGone(gone: () => void): void {
  const pipe = targetOf('self', '1')
  if (!pipe?.startsWith('pipe:')) return
  let known = readersOf(pipe)
  if (known.length === 0) return
  const timer = setInterval(() => {
    if (known.some(({ pid, fd }) => targetOf(pid, fd) === pipe)) return
    const isCertain = known.every(({ pid }) => isOver(pid))
    known = readersOf(pipe)
    if (known.length > 0) return
    clearInterval(timer)
    if (isCertain) gone()
  }, INTERVAL)
  timer.unref()
}

function readersOf(pipe: string): Reader[] {
  return processes()
    .flatMap((pid) => descriptorsOf(pid).map((fd) => ({ pid, fd })))
    .filter(({ pid, fd }) => targetOf(pid, fd) === pipe && isForReading(pid, fd))
}

/** Whether a process has ended, or has an end of the pipe no more for all to see. */
function isOver(pid: number): boolean {
  return !processes().includes(pid) || descriptorsOf(pid).length > 0
}

function isForReading(pid: number, fd: string): boolean {
  const [, flags] = /^flags:\s+(\d+)/m.exec(textOf(pid, `fdinfo/${fd}`)) ?? []
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 0
}
