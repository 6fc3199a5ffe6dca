/** Ms after which what is waited for is not to be expected any more; a test may last longer. */
const PATIENCE = 45_000

/** Resolves once something is so; looks at every turn of the event loop, but not for ever. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it has not come to be so: ${isSo}`)
    await new Promise(setImmediate)
  }
}
