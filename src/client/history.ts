import type { HistoryDump } from '../history-dump.js'
import { channelPath, hubUrl } from './address.js'
import { type RequestOptions, requestJson } from './http.js'

/**
 * Reads the history of a channel from a running hub.
 *
 * @param url where the hub is
 * @throws {HubError} `HUB_REFUSED`, `HUB_UNREACHABLE` or `HUB_FAILED`; `INVALID_CHANNEL` or
 * `INVALID_CONFIG` before it asks
 */
export async function fetchHistory(
  url: string,
  channel: string,
  options: RequestOptions = {},
): Promise<HistoryDump> {
  const path = `-/history/${channelPath(channel)}`
  return requestJson<HistoryDump>(hubUrl(url, path), ['events'], {}, options)
}
