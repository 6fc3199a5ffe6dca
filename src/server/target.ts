import { checkChannelName, invalidChannel } from '../channel/name.js'

/** What a request is about: the channel that its path names, and its query. */
export interface Target {
  readonly channel: string
  readonly query: URLSearchParams
}

/**
 * Reads a request target such as `/news%2Fsport?lastEventId=5`: the channel's name is everything
 * between the first slash and the query, percent-decoded.
 *
 * @throws {HubError} `INVALID_CHANNEL`, saying what is wrong with the name
 */
export function parseTarget(target: string): Target {
  if (!target.startsWith('/')) throw invalidChannel('the target does not begin with a slash')
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  let channel: string
  try {
    channel = decodeURIComponent(path.slice(1))
  } catch (error) {
    throw invalidChannel('it is not percent-encoded UTF-8', error)
  }
  checkChannelName(channel)
  return { channel, query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)) }
}

/** The hub's own addresses, also where the router decodes the name of the second. */
const INSPECTION = /^\/(?:(?:s|%73)(?:t|%74)(?:a|%61)(?:t|%74)(?:s|%73))?(?:[?#]|$)|^\/-\//

/** Whether a target is an address of the hub's own: `/`, `/stats`, or below `/-/`. */
export function isInspection(target: string): boolean {
  return INSPECTION.test(target)
}

const HISTORY = '/-/history'

/**
 * What an address below `/-/history/` is about; undefined for any other.
 *
 * @throws {HubError} `INVALID_CHANNEL`
 */
export function historyTarget(target: string): Target | undefined {
  return target.startsWith(`${HISTORY}/`) ? parseTarget(target.slice(HISTORY.length)) : undefined
}

/**
 * Takes scheme and host off a target in absolute form, which servers have to accept; the `*` that
 * `OPTIONS` may ask about is the hub as a whole. [spec]
 */
export function originForm(target: string, method = 'GET'): string {
  if (target === '*' && method === 'OPTIONS') return '/'
  return target.replace(/^https?:\/\/[^/?]*\/?/i, '/')
}
