import type { Socket } from 'node:net'
import type { Sink } from '../channel/sink.js'

const NOTHING = Buffer.alloc(0)

/** A subscriber's socket, written to directly: shared buffers, no callback for each. */
export class SocketSink implements Sink {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  get isPending(): boolean {
    return this.#socket.writableLength > 0
  }

  onDrain(callback: () => void): void {
    // 'drain' comes only after a write that filled the socket's own buffer; this comes always.
    this.#socket.write(NOTHING, (error) => {
      if (!error) callback()
    })
  }

  end(bytes: Buffer): void {
    this.#socket.end(bytes)
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
