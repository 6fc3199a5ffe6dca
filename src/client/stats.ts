import { setTimeout as wait } from 'node:timers/promises'
import { HubError } from '../errors.js'
import type { GroupStats } from '../group-stats.js'
import type { Stats } from '../stats.js'
import { hubUrl } from './address.js'
import { type RequestOptions, requestJson } from './http.js'

export interface StatsOptions extends RequestOptions {
  /** Whose figures: those of this hub, or of all hubs that share its Redis. */
  readonly scope?: 'hub' | 'cluster'
}

/**
 * Reads a hub's figures; those of a cluster are `GroupStats`.
 *
 * @param url where the hub is
 * @throws {HubError} `HUB_REFUSED`, `HUB_UNREACHABLE` or `HUB_FAILED`; `INVALID_CONFIG` before it
 * asks
 */
export function fetchStats(
  url: string,
  options: StatsOptions & { scope: 'cluster' },
): Promise<GroupStats>
export function fetchStats(url: string, options?: StatsOptions): Promise<Stats>
export async function fetchStats(
  url: string,
  { scope, ...options }: StatsOptions = {},
): Promise<Stats> {
  const address = hubUrl(url, 'stats')
  if (scope === 'cluster') address.searchParams.set('scope', scope)
  return requestJson<Stats>(address, ['global', 'channels'], {}, options)
}

/**
 * Reads a hub's figures again and again. Once the first are there, a hub that is away for a
 * while does not end it: it yields the error in their place.
 *
 * @param url where the hub is
 * @param interval ms between one reading and the next
 * @throws {HubError} as `fetchStats` does for the first reading; `HUB_REFUSED` at any time
 */
export async function* watchStats(
  url: string,
  interval: number,
  options: StatsOptions = {},
): AsyncGenerator<Stats | HubError, void, undefined> {
  const { signal } = options
  yield await fetchStats(url, options)
  while (true) {
    await wait(interval, undefined, { signal }).catch(() => signal?.throwIfAborted())
    yield await fetchStats(url, options).catch((error: unknown) => {
      if (error instanceof HubError && error.code !== 'HUB_REFUSED') return error
      throw error
    })
  }
}
