import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Sink } from '../channel/sink.js'
import type { Pender, PendingBytes } from '../limits/pending-bytes.js'
import { isStuck } from './direct-write.js'

/**
 * A subscriber's stream of an HTTP/2 session. What it was given is pending until the connection
 * has taken it, which is not before the client has granted it the window: for this stream alone.
 */
export class StreamSink implements Sink, Pender {
  readonly #stream: ServerHttp2Stream
  readonly #connection: Socket
  readonly #pending: PendingBytes | undefined
  /** How many writes are under way, and their bytes. */
  #writes = 0
  #bytes = 0
  #onDrain: (() => void) | undefined

  /**
   * @param connection the TLS that the session goes by
   * @param head what the stream begins with
   * @param pending knows what is under way
   */
  constructor(stream: ServerHttp2Stream, connection: Socket, head: Buffer, pending?: PendingBytes) {
    this.#stream = stream
    this.#connection = connection
    this.#pending = pending
    this.write(head)
  }

  /** It has begun; the session writes once for all that it is given in one turn. */
  begin(): void {}

  write(bytes: Buffer): void {
    this.#writes += 1
    this.#bytes += bytes.length
    this.#pending?.addSoon(this, bytes)
    this.#stream.write(bytes, this.#onWritten)
  }

  get isPending(): boolean {
    return this.#writes > 0
  }

  onDrain(callback: () => void): void {
    this.#onDrain = callback
    this.#tellIfDrained()
  }

  end(bytes: Buffer): void {
    this.#stream.end(bytes)
  }

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#stream.destroy() // the connection may be stuck: nothing of it is waited for
  }

  onClose(): void {
    this.#pending?.remove(this)
  }

  /** What waits for the window is not encrypted yet. */
  copied(): number {
    return isStuck(this.#connection) ? this.#bytes : 0
  }

  cut(): void {
    this.destroy()
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#writes -= 1
    if (this.#writes === 0) {
      this.#bytes = 0
      this.#pending?.remove(this)
    }
    if (!error) this.#tellIfDrained()
  }

  #tellIfDrained(): void {
    if (this.#writes > 0) return
    const callback = this.#onDrain
    this.#onDrain = undefined
    if (callback) queueMicrotask(callback)
  }
}
