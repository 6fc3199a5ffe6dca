import { setTimeout as wait } from 'node:timers/promises'
import { HubError } from '../errors.js'
import type { Stats } from '../stats.js'
import { hubUrl } from './address.js'
import { type RequestOptions, requestJson } from './http.js'

/**
 * Reads a hub's figures.
 *
 * @param url where the hub is
 * @throws {HubError} `HUB_REFUSED`, `HUB_UNREACHABLE` or `HUB_FAILED`
 */
export function fetchStats(url: string, options: RequestOptions = {}): Promise<Stats> {
  return requestJson<Stats>(hubUrl(url, 'stats'), ['global', 'channels'], {}, options)
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
): AsyncGenerator<Stats | HubError, void, undefined> {
  yield await fetchStats(url)
  while (true) {
    await wait(interval)
    yield await fetchStats(url).catch((error: unknown) => {
      if (error instanceof HubError && error.code !== 'HUB_REFUSED') return error
      throw error
    })
  }
}
