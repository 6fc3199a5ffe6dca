import { checkChannelName, invalidChannel } from '../channel/name.js'
import { HubError } from '../errors.js'

/** Where a hub is looked for when nothing else is said. */
export const DEFAULT_URL = 'http://127.0.0.1:8080'

/**
 * The URL of something that a hub offers.
 *
 * @param base where the hub is; a path in it is kept, for a hub behind a proxy
 * @param path what is wanted, percent-encoded, without a slash before it
 * @throws {HubError} `INVALID_CONFIG` if the base is not a plain http or https URL
 */
export function hubUrl(base: string, path: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw invalidUrl(base, `be like ${DEFAULT_URL}`)
  if (url.search || url.hash || url.username || url.password) {
    throw invalidUrl(base, 'have no user, query or fragment')
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

/**
 * A channel's name as a path: percent-encoded, its slashes kept.
 *
 * @throws {HubError} `INVALID_CHANNEL` if no channel has that name, or no URL can say it
 */
export function channelPath(channel: string): string {
  checkChannelName(channel)
  const parts = channel.split('/')
  if (parts.some((part) => part === '.' || part === '..')) {
    throw invalidChannel('no URL holds "." or ".." between slashes')
  }
  return parts.map(encodeURIComponent).join('/')
}

function invalidUrl(found: string, wanted: string): HubError {
  return new HubError(
    'INVALID_CONFIG',
    `the hub's URL must ${wanted}; found ${JSON.stringify(found)}`,
  )
}
