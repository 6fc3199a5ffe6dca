import { HubError } from '../errors.js'
import { channelPath, hubUrl } from './address.js'
import { Follower, type FollowerOptions, type TailEvent } from './follower.js'

/** What to show of a channel, and from where. */
export interface TailOptions extends FollowerOptions {
  /** Begin with the whole history. */
  readonly all?: boolean | undefined
  /** Only events of these types. */
  readonly events?: readonly string[] | undefined
  /** Only events with these ids. */
  readonly ids?: readonly string[] | undefined
  /** Ends it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Follows a channel. Once it has been connected it goes on through the hub's absence, from the
 * last id that it saw. Keep-alive events are passed over, unless `events` asks for `ping`.
 *
 * @param url where the hub is
 * @throws {HubError} `HUB_UNREACHABLE` or `HUB_FAILED` if the first connect fails; `HUB_REFUSED`
 * whenever the hub refuses, but for 408, 425 and 429 later on; `INVALID_EVENT` if no event can have
 * `lastId`
 */
export async function* tail(
  url: string,
  channel: string,
  options: TailOptions = {},
): AsyncGenerator<TailEvent, void, undefined> {
  const { lastId = '', all, events = [], ids = [], signal, token, ca, onNotice } = options
  if (/\p{Cc}/u.test(lastId)) {
    throw new HubError('INVALID_EVENT', 'an id holds no control characters')
  }
  const stream = hubUrl(url, channelPath(channel))
  if (all) stream.searchParams.append('getcache', '1')
  for (const event of events) stream.searchParams.append('filterevent', event)
  for (const id of ids) stream.searchParams.append('filterid', id)

  const follower = new Follower(stream, { lastId, token, ca, onNotice })
  for await (const event of follower.follow(signal)) {
    if (event.event !== 'ping' || event.data !== '' || events.includes('ping')) yield event
  }
}
