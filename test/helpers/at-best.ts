/** How often something is tried. */
const TRIES = 5

/**
 * What something takes at best, in ms or as a share of what it may: what waits for something does
 * so each time, and a machine that is busy is so now and then.
 *
 * @param enough with which it is not tried again
 * @param act does it; resolves with what it took
 */
export async function atBest(enough: number, act: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && least >= enough; tries += 1) {
    least = Math.min(least, await act())
  }
  return least
}
