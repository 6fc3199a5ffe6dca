/** Between `performance.now()`, which begins with the process, and the clock that all have. */
const OFFSET = Number(process.hrtime.bigint()) / 1e3 - performance.now() * 1e3

/** Us on a clock that all processes of a machine share, and that never goes back. */
export function now(): number {
  return performance.now() * 1e3 + OFFSET
}
