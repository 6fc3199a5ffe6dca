import type { Published } from '../channels.js'
import { eventJson, type NewEvent } from '../event/new-event.js'
import { channelPath, hubUrl } from './address.js'
import { unpublished } from './failure.js'
import { type RequestOptions, requestJson } from './http.js'

/**
 * Publishes an event. Once this resolves, the hub has it.
 *
 * @param url where the hub is
 * @param event the event, or its JSON as text, in which a number keeps all its digits
 * @throws {HubError} `HUB_REFUSED`, `HUB_UNREACHABLE` or `HUB_FAILED`; after the last two it may
 * have been published; `INVALID_CHANNEL`, `INVALID_EVENT` or `INVALID_CONFIG` before it asks
 */
export async function publish(
  url: string,
  channel: string,
  event: NewEvent | string,
  options: RequestOptions = {},
): Promise<Published> {
  const body = typeof event === 'string' ? event : eventJson(event)
  const headers = { 'content-type': 'application/json' }
  // A redirect would turn the POST into a GET, and the event would be lost without a word.
  const init = { method: 'POST', redirect: 'manual', headers, body } as const
  const target = hubUrl(url, channelPath(channel))
  try {
    return await requestJson<Published>(target, ['sequence'], init, options)
  } catch (error) {
    throw unpublished(target.origin, error)
  }
}
