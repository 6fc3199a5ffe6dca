import { closeSync, constants, fstatSync, openSync } from 'node:fs'

/** Ms between two looks. */
const INTERVAL = 250

/**
 * Calls back once nobody reads standard output any more, as with `| head`, without writing to it.
 *
 * Only Linux tells: there a pipe opened for writing without a reader is ENXIO. Elsewhere the next
 * write finds out.
 */
export function whenReaderIsGone(gone: () => void): void {
  if (process.platform !== 'linux' || !fstatSync(1).isFIFO()) return
  const timer = setInterval(() => {
    try {
      closeSync(openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK))
    } catch (error) {
      clearInterval(timer)
      if (error instanceof Error && 'code' in error && error.code === 'ENXIO') gone()
    }
  }, INTERVAL)
  timer.unref()
}
