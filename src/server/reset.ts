import { Socket } from 'node:net'

/**
 * Closes a connection by a reset, with which the system, too, lets go of what the client has not
 * taken. One of TLS is closed as usual, and so is one whose end is on its way: libuv refuses to
 * reset that, and Node would lose it unclosed.
 */
export function resetConnection(socket: Socket): void {
  const { writableEnded, writableFinished, writableLength } = socket
  const isEnding = writableEnded && !writableFinished && writableLength === 0
  if (socket.constructor === Socket && !isEnding) socket.resetAndDestroy()
  else socket.destroy()
}
