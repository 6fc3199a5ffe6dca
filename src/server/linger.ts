import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Ms that a client is given to notice that it has had its last answer. */
const PATIENCE = 2000

/**
 * Ends a connection behind its last answer: passes over what its client still sends until that
 * ends, too, or has had long enough. To close at once would reset the connection, and many would
 * see nothing but that. [RFC 9112, 9.6]
 */
export function endGently(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), PATIENCE)
  socket.on('close', () => clearTimeout(timer))
  socket.end()
  socket.resume()
}

/** Has Node's HTTP do the same once it has answered a request that is not all there by then. */
export function linger(request: IncomingMessage): void {
  const { socket } = request
  const close = socket.destroySoon
  socket.destroySoon = () => {
    if (request.complete) close.call(socket)
    else endGently(socket)
  }
}
