import type { Socket } from 'node:net'
import type { Sink } from '../channel/sink.js'
import { type Owner, writeDirectly } from './direct-write.js'

const NOTHING = Buffer.alloc(0)

/** A subscriber's socket, written to directly: shared buffers, no callback for each. */
export class SocketSink implements Sink, Owner {
  readonly #socket: Socket
  /** Whether a direct write is under way. */
  #isWriting = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(bytes: Buffer): void {
    if (this.isPending) {
      this.#socket.write(bytes)
      return
    }
    const outcome = writeDirectly(this.#socket, bytes, this)
    if (outcome === 'pending') this.#isWriting = true
    else if (outcome === 'refused') this.#socket.write(bytes)
  }

  onWritten(): void {
    this.#isWriting = false
  }

  get isPending(): boolean {
    return this.#isWriting || this.#socket.writableLength > 0
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
