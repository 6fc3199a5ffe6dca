/** How long to wait between tries. */
interface BackoffOptions {
  /** Ms that the first wait is at most; 250 unless said otherwise. */
  readonly first?: number
  /** Ms that a wait is at most; 30,000 unless said otherwise. */
  readonly max?: number
  /** A number from 0 up to 1. */
  readonly random?: () => number
}

/**
 * Ms to wait before the next try. It grows from failure to failure, and is spread so that those
 * who failed together do not come back together.
 *
 * @param failures how many there were in a row
 */
export function backoff(
  failures: number,
  { first = 250, max = 30_000, random = Math.random }: BackoffOptions = {},
): number {
  return random() * Math.min(first * 2 ** failures, max)
}
