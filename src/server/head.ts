import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Config } from '../config/config.js'
import type { ServerCounters } from '../counts.js'
import { sum } from '../sum.js'
import { HttpError } from './errors.js'

/** With it nothing that follows on its connection is taken for a request. */
export const CLOSE = { Connection: 'close' }

/**
 * Refuses a head that a proxy before the hub may read differently: one without a host, or with
 * several, or of HTTP before 1.0. [spec]
 */
export function checkHead({
  httpVersionMajor,
  httpVersionMinor,
  rawHeaders,
}: IncomingMessage): void {
  if (httpVersionMajor < 1) throw new HttpError(400, 'HTTP/1.0 and HTTP/1.1 are spoken here', CLOSE)
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts === 1 || (hosts === 0 && httpVersionMinor === 0)) return
  throw new HttpError(400, `a request has one Host header; found ${hosts || 'none'}`, CLOSE)
}

/**
 * Refuses a head of HTTP/2 that is too large, or names two hosts, of which a proxy may take the
 * other. [spec]
 */
export function checkHttp2Head(
  { rawHeaders, headers }: Http2ServerRequest,
  maxHeaderBytes: number,
  counters: ServerCounters,
): void {
  const { host, ':authority': authority } = headers
  if (host !== undefined && authority !== undefined && host !== authority) {
    throw new HttpError(400, 'the host header and :authority name two hosts')
  }
  headers.host ??= authority
  const size = sum(rawHeaders.map((part) => part.length + 2))
  if (size <= maxHeaderBytes) return
  counters.oversizedRequests += 1
  counters.oversizedHeaders += 1
  throw new HttpError(431, 'the head of the request is too large (server.maxHeaderBytes)')
}

/** Ms in which the head of a request has to be there; 0 is no limit. */
export function headTimeoutOf({ server }: Config): number {
  const { headersTimeout, requestTimeout } = server
  return Math.min(headersTimeout, requestTimeout || headersTimeout) * 1000
}
