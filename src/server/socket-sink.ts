import type { Socket } from 'node:net'
import type { Sink } from '../channel/sink.js'
import type { Pender, PendingBytes } from '../limits/pending-bytes.js'
import { directHandle, type Handle, type Owner, writeDirectly } from './direct-write.js'
import { resetConnection } from './reset.js'

const NOTHING = Buffer.alloc(0)

/** Bytes that go out in one write with the head, as a copy; what is longer stays shared. */
const MAX_COPIED = 4096

/** A subscriber's socket, written to directly: shared buffers, no callback for each. */
export class SocketSink implements Sink, Owner, Pender {
  readonly #socket: Socket
  readonly #handle: Handle | undefined
  readonly #pending: PendingBytes | undefined
  /** Whether a direct write is under way. */
  #isWriting = false
  /** How many writes are by way of the socket's stream, and their bytes. */
  #queued = 0
  #queuedBytes = 0
  #onQueued: ((error?: Error | null) => void) | undefined
  /** What the stream begins with, until it goes out. */
  #head: Buffer | undefined

  /**
   * @param head goes out with the first bytes that are written, or when it begins or ends
   * @param pending knows what is under way
   */
  constructor(socket: Socket, head?: Buffer, pending?: PendingBytes) {
    this.#socket = socket
    this.#handle = directHandle(socket)
    this.#head = head
    this.#pending = pending
  }

  /**
   * Writes the head if that has not gone out yet. From now on the stream ends when its client ends
   * its side; one that has done so before was to have its answer first.
   */
  begin(): void {
    this.#writeHead()
    this.#socket.allowHalfOpen = false
    if (this.#socket.readableEnded) this.#socket.end()
  }

  write(bytes: Buffer): void {
    if (this.#head) {
      const head = this.#head
      this.#head = undefined
      const isShort = bytes.length <= MAX_COPIED
      this.write(isShort ? Buffer.concat([head, bytes]) : head)
      if (!isShort) this.write(bytes)
    } else if (!this.#handle || this.isPending) {
      this.#queue(bytes)
    } else {
      const outcome = writeDirectly(this.#handle, bytes, this.#socket, this)
      if (outcome === 'refused') this.#queue(bytes)
      if (outcome !== 'pending') return
      this.#isWriting = true
      this.#pending?.add(this, bytes)
    }
  }

  onWritten(): void {
    this.#isWriting = false
    if (this.#queued === 0) this.#pending?.remove(this)
  }

  /** The socket has closed. */
  onClose(): void {
    this.#pending?.remove(this)
  }

  /** What TLS was given it keeps encrypted until the network has taken it. */
  copied(): number {
    return this.#queuedBytes
  }

  cut(): void {
    this.destroy()
  }

  get isPending(): boolean {
    return this.#isWriting || (this.#queued > 0 && this.#socket.writableLength > 0)
  }

  onDrain(callback: () => void): void {
    // 'drain' comes only after a write that filled the socket's own buffer; this comes always.
    this.#socket.write(NOTHING, (error) => {
      if (!error) callback()
    })
  }

  end(bytes: Buffer): void {
    this.#writeHead()
    this.#socket.end(bytes)
  }

  destroy(): void {
    resetConnection(this.#socket)
  }

  #writeHead(): void {
    if (this.#head) this.write(NOTHING)
  }

  #queue(bytes: Buffer): void {
    this.#queued += 1
    this.#queuedBytes += bytes.length
    this.#pending?.addSoon(this, bytes)
    this.#onQueued ??= (error) => {
      if (!error) this.#dequeue()
    }
    this.#socket.write(bytes, this.#onQueued)
  }

  #dequeue(): void {
    this.#queued -= 1
    if (this.#queued > 0) return
    this.#queuedBytes = 0
    if (!this.#isWriting) this.#pending?.remove(this)
  }
}
