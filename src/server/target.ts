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

/** Whether a target is an address of the hub's own: `/`, `/stats`, or below `/-/`. */
export function isInspection(target: string): boolean {
  return /^\/(?:stats)?(?:\?|$)|^\/-\//.test(target)
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

/** Whether a router may take a target for such an address: it decodes it first. */
export function mayBeInspection(target: string): boolean {
  if (!target.includes('%')) return isInspection(target)
  try {
    return isInspection(decodeURIComponent(target))
  } catch {
    return false // no name of anything
  }
}

/** Takes scheme and host off a target in absolute form, which servers have to accept. [spec] */
export function originForm(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*\/?/i, '/')
}
