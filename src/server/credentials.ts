import type { IncomingMessage } from 'node:http'
import type { Origins } from '../access/origins.js'

/** A token, and where the request has it. */
export interface Credential {
  readonly token: string
  readonly place: 'header' | 'cookie' | 'query'
}

/** Where tokens may be, besides the `Authorization` header. */
export interface Places {
  readonly cookie?: string | undefined
  readonly allowQuery: boolean
}

/**
 * All tokens that a request brings. One in a cookie counts only if the page that sends it is of
 * this host, or of an origin that the channel names: browsers add cookies whoever asks.
 *
 * @param queryTokens those that were in its query
 */
export function credentialsOf(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  queryTokens: readonly string[],
  { cookie, allowQuery }: Places,
  origins: Origins,
): Credential[] {
  const found: Credential[] = bearerTokens(request.rawHeaders).map((token) => ({
    token,
    place: 'header',
  }))
  if (cookie !== undefined && isOwnPage(request, origins)) {
    const tokens = new Set(cookieValues(request.headers.cookie ?? '', cookie))
    for (const token of tokens) found.push({ token, place: 'cookie' })
  }
  if (allowQuery) for (const token of queryTokens) found.push({ token, place: 'query' })
  return found
}

/** Of every `Authorization` header, where Node shows only the first. */
function bearerTokens(rawHeaders: readonly string[]): string[] {
  return rawHeaders
    .filter(
      (_, index) => rawHeaders[index - 1]?.toLowerCase() === 'authorization' && index % 2 === 1,
    )
    .map((value) => /^bearer(?: +(.*))?$/i.exec(value.trim()))
    .filter((match) => match !== null)
    .map(([, token = '']) => token)
}

function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
    .filter((value) => value !== '')
}

function isOwnPage({ headers }: Pick<IncomingMessage, 'headers'>, origins: Origins): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers
  const { host = String(headers[':authority'] ?? '') } = headers // HTTP/2 calls it so
  if (origin === undefined) return site === 'none' || site === 'same-origin'
  return origins.names(origin) || isOriginOf(origin, host.toLowerCase())
}

function isOriginOf(origin: string, host: string): boolean {
  return [`http://${host}`, `https://${host}`].includes(origin)
}
