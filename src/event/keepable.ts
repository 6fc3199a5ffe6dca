import { HubError } from '../errors.js'
import { encodeEvent } from './encode.js'
import type { HubEvent } from './event.js'
import type { HistoryLimits } from './history.js'

/** Bytes on the wire that a character of data takes at most: a line of its own. */
const MOST_BYTES = 7

/** Bytes that the rest of an event takes at most. */
const REST = 2048

/**
 * Sees to it that an event which is to be in a history can be: in one that holds fewer bytes than
 * it has, it would take the place of all others and not be there itself.
 *
 * @throws {HubError} `EVENT_TOO_LARGE`
 */
export function checkKeepable(
  event: HubEvent,
  { cacheLength, cacheBytes = 0, assignIds }: HistoryLimits & { readonly assignIds: boolean },
): void {
  if (cacheBytes === 0 || cacheLength === 0 || (event.id === undefined && !assignIds)) return
  if (event.data.length * MOST_BYTES + REST <= cacheBytes) return
  const size = encodeEvent(event).length
  if (size <= cacheBytes) return
  throw new HubError(
    'EVENT_TOO_LARGE',
    `the event has ${size} bytes, more than the history of this channel may have (cacheBytes: ${cacheBytes})`,
  )
}
