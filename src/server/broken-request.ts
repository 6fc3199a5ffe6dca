import type { Socket } from 'node:net'
import type { ServerContext } from './context.js'
import { errorBody } from './errors.js'

/** The settings that say how long it may take. */
const TIMEOUTS = 'server.headersTimeout, server.requestTimeout'

/** Counts and answers what cannot be read as HTTP, and so never reaches a route. */
export function answerBrokenRequest(
  { code = '' }: Error & { code?: string },
  socket: Socket,
  { counters, taken }: Pick<ServerContext, 'counters' | 'taken'>,
): void {
  // Node may still wait for the rest of a request whose connection has become a stream.
  if (taken.has(socket)) return
  if (code === 'HPE_HEADER_OVERFLOW') {
    counters.oversizedRequests += 1
    counters.oversizedHeaders += 1
    answer(socket, 431, 'the head of the request is too large (server.maxHeaderBytes)')
  } else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    counters.invalidRequests += 1
    counters.timedOutRequests += 1
    answer(socket, 408, `the request took too long to arrive (${TIMEOUTS})`)
  } else if (code.startsWith('HPE_')) {
    counters.invalidRequests += 1
    answer(socket, 400, 'this is not an HTTP request')
  } else {
    counters.routerReadErrors += 1
    socket.destroy()
  }
}

function answer(socket: Socket, statusCode: number, message: string): void {
  if (!socket.writable) return
  const body = errorBody(statusCode, message)
  const text = JSON.stringify(body)
  socket.end(
    [
      `HTTP/1.1 ${statusCode} ${body.error}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
      '',
      text,
    ].join('\r\n'),
  )
}
