import { Socket, type SocketConstructorOpts } from 'node:net'

/** What libuv has of a socket. */
interface Handle {
  reading: boolean
  readStop(): void
}

/**
 * Takes a connection out of the hands of HTTP, for good: gives a bare socket, which drops what the
 * client still sends. It stays open when the client ends its side; see `SocketSink.begin`.
 *
 * HTTP keeps the parser, request, response and timers of a connection for as long as its socket is
 * open. So that socket is closed, without the connection, which goes on in one of its own.
 */
export function takeConnection(http: Socket & { _handle?: Handle | null }): Socket {
  const handle = http._handle
  http.on('data', () => {}) // makes the parser let go of the handle, which it reads by itself
  if (!handle?.readStop || 'encrypted' in http) return strip(http)
  handle.readStop()
  handle.reading = false
  http._handle = null
  http.destroy()
  return new Socket({ handle, allowHalfOpen: true } as SocketConstructorOpts).resume()
}

/** The same as far as the client can tell, for TLS and for what is closed already. */
function strip(http: Socket): Socket {
  for (const event of ['data', 'end', 'error']) http.removeAllListeners(event)
  return http.resume()
}
