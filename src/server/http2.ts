import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2'

// fastify's types are those of HTTP/1.1, whatever comes.

/** Whether a response goes over HTTP/2. */
export function isHttp2(response: unknown): response is Http2ServerResponse {
  return response instanceof Http2ServerResponse
}

/** The same of a request. */
export function isHttp2Request(request: unknown): request is Http2ServerRequest {
  return request instanceof Http2ServerRequest
}

/**
 * Breaks a request of HTTP/2 off whose body is not there in time; Node sees to those of HTTP/1.1.
 *
 * @param timeout in ms
 */
export function limitBody(request: Http2ServerRequest, timeout: number, onLate: () => void): void {
  if (request.stream.endAfterHeaders) return
  const timer = setTimeout(() => {
    if (request.readableEnded) return
    onLate()
    request.stream.close(constants.NGHTTP2_CANCEL)
  }, timeout).unref()
  const clear = () => clearTimeout(timer)
  request.once('end', clear).once('close', clear)
}

/** Gives up the rest of a body that was answered before it was read. */
export function dropBody(response: unknown): void {
  if (isHttp2(response)) response.stream.close(constants.NGHTTP2_NO_ERROR)
}
