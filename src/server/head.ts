import type { IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http2'
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

/** Refuses a head of HTTP/2 that names two hosts, of which a proxy may take the other. [spec] */
export function checkAuthority({ host, ':authority': authority }: IncomingHttpHeaders): void {
  if (host === undefined || authority === undefined || host === authority) return
  throw new HttpError(400, 'the host header and :authority name two hosts')
}
