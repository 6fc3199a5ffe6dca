import type { IncomingMessage } from 'node:http'

/** Ms that a client is given to notice that it was answered. */
const PATIENCE = 2000

/**
 * Lets a client have the answer to its last request that is still sending it: to close at once
 * would reset the connection, and many would see nothing but that. What it sends is passed over.
 * [RFC 9112, 9.6]
 */
export function linger(request: IncomingMessage): void {
  const { socket } = request
  const close = socket.destroySoon
  socket.destroySoon = () => {
    if (request.complete) {
      close.call(socket)
      return
    }
    const timer = setTimeout(() => socket.destroy(), PATIENCE)
    socket.on('close', () => clearTimeout(timer))
    socket.end()
  }
}
