/** Ms before the first try again; each further one waits twice as long. */
const FIRST = 50

/** Ms that are never exceeded. */
const LONGEST = 5000

/**
 * Ms to wait before the next try, jittered so that those who lost the same server do not come
 * back at the same time.
 *
 * @param times how many tries have failed, from 1
 */
export function backoff(times: number, random: () => number): number {
  const longest = Math.min(FIRST * 2 ** (times - 1), LONGEST)
  return longest / 2 + (random() * longest) / 2
}
