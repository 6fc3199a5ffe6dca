import type { Socket } from 'node:net'
import type { Sink } from '../channel/sink.js'
import { type Owner, writeDirectly } from './direct-write.js'

const NOTHING = Buffer.alloc(0)

/** A subscriber's socket, written to directly: shared buffers, no callback for each. */
export class SocketSink implements Sink, Owner {
  readonly #socket: Socket
  /** Whether a direct write is under way. */
  #isWriting = false
  /** What the stream begins with, until it goes out. */
  #head: Buffer | undefined

  /** @param head goes out with the first bytes that are written, or when `begin` is called */
  constructor(socket: Socket, head?: Buffer) {
    this.#socket = socket
    this.#head = head
  }

  /** Writes the head if that has not gone out yet. */
  begin(): void {
    if (this.#head) this.write(NOTHING)
  }

  write(bytes: Buffer): void {
    if (this.#head) {
      const whole = bytes.length === 0 ? this.#head : Buffer.concat([this.#head, bytes])
      this.#head = undefined
      this.write(whole)
    } else if (this.isPending) {
      this.#socket.write(bytes)
    } else {
      const outcome = writeDirectly(this.#socket, bytes, this)
      if (outcome === 'pending') this.#isWriting = true
      else if (outcome === 'refused') this.#socket.write(bytes)
    }
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
