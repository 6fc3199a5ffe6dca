import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'

/** Bytes of a message's length, which comes before it. */
const HEAD = 4

/** With this many bytes that the other side has not taken, those who can wait had better. */
const FULL = 4_194_304

/** A message as it goes over a link; encoded once, it can be sent over many. */
export function encode(message: unknown): Buffer {
  const body = serialize(message)
  const bytes = Buffer.allocUnsafe(HEAD + body.length)
  bytes.writeUInt32LE(body.length)
  body.copy(bytes, HEAD)
  return bytes
}

/**
 * Messages between two processes, in order: each is told of those of the other. What is sent in
 * one turn of the event loop goes in one write.
 */
export class Link<Incoming, Outgoing> {
  readonly #stream: Duplex
  readonly #receive: (message: Incoming) => void
  #outgoing: Buffer[] = []
  #outgoingBytes = 0
  #incoming: Buffer[] = []
  #incomingBytes = 0
  /** How many bytes there have to be for a message to be complete. */
  #wantedBytes = HEAD
  #isClosed = false
  /** Called when it has room again after it was full. */
  onRoom: () => void = () => {}
  /** Called when the other side has gone. */
  onClose: () => void = () => {}

  constructor(stream: Duplex, receive: (message: Incoming) => void) {
    this.#stream = stream
    this.#receive = receive
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', () => {}) // 'close' follows
    stream.on('end', () => this.close())
    stream.on('close', () => this.close())
  }

  send(message: Outgoing): void {
    this.sendEncoded(encode(message))
  }

  /** @param bytes what `encode` made of a message */
  sendEncoded(bytes: Buffer): void {
    if (this.#isClosed) return
    if (this.#outgoing.length === 0) setImmediate(() => this.#write())
    this.#outgoing.push(bytes)
    this.#outgoingBytes += bytes.length
  }

  /** Whether the other side is so far behind that those who can wait had better. */
  get isFull(): boolean {
    return this.#outgoingBytes + this.#stream.writableLength > FULL
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outgoing = []
    this.#stream.destroy()
    this.onClose()
  }

  #write(): void {
    if (this.#isClosed) return
    const bytes = this.#outgoing.length === 1 ? this.#outgoing[0] : Buffer.concat(this.#outgoing)
    this.#outgoing = []
    this.#outgoingBytes = 0
    this.#stream.write(bytes, () => {
      if (!this.isFull) this.onRoom()
    })
  }

  #take(chunk: Buffer): void {
    this.#incoming.push(chunk)
    this.#incomingBytes += chunk.length
    if (this.#incomingBytes < this.#wantedBytes) return
    const bytes = this.#incoming.length === 1 ? chunk : Buffer.concat(this.#incoming)
    let start = 0
    let end = endOf(bytes, start)
    while (end <= bytes.length) {
      this.#receive(deserialize(bytes.subarray(start + HEAD, end)))
      start = end
      end = endOf(bytes, start)
    }
    this.#incoming = [bytes.subarray(start)]
    this.#incomingBytes = bytes.length - start
    this.#wantedBytes = end - start
  }
}

/** Where the message that begins there ends; as far as that can be told, where its head does. */
function endOf(bytes: Buffer, start: number): number {
  const isCut = bytes.length - start < HEAD
  return start + HEAD + (isCut ? 0 : bytes.readUInt32LE(start))
}
