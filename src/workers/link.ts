import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'

/** Bytes of a message's length, which comes before it. */
const HEAD = 4

/** With this many bytes that the other side has not taken, those who can wait had better. */
const FULL = 4_194_304

/** Bytes that go in one write at most, unless one message is longer. */
const WRITE = 1_048_576

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
 * one turn of the event loop, or while the other side takes what was sent before, goes together.
 */
export class Link<Incoming, Outgoing> {
  readonly #stream: Duplex
  readonly #receive: (message: Incoming) => void
  readonly #limit: number
  #outgoing: Buffer[] = []
  /** How many bytes were sent, and how many of them the other side has taken. */
  #sent = 0
  #taken = 0
  #isWriting = false
  #incoming: Buffer[] = []
  #incomingBytes = 0
  /** How many bytes there have to be for a message to be complete. */
  #wantedBytes = HEAD
  #isClosed = false
  /** Those who wait for so many bytes to be taken. */
  #waiting: { readonly bytes: number; readonly go: () => void }[] = []
  /** Whether others are to wait for the other side if it is behind. */
  isAwaited = true
  /** Called when it has room again after it was full. */
  onRoom: () => void = () => {}
  /** Called when the other side shows that it is alive: it has sent something, or taken it. */
  onLife: () => void = () => {}
  /** Called when the other side is given up, before the link is closed. */
  onOverflow: () => void = () => {}
  /** Called when the other side has gone. */
  onClose: () => void = () => {}

  /** @param limit bytes untaken by the other side with which it is given up */
  constructor(
    stream: Duplex,
    receive: (message: Incoming) => void,
    limit = Number.POSITIVE_INFINITY,
  ) {
    this.#stream = stream
    this.#receive = receive
    this.#limit = limit
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
    if (this.#sent - this.#taken > this.#limit) {
      this.onOverflow()
      this.close()
      return
    }
    this.#outgoing.push(bytes)
    this.#sent += bytes.length
    if (this.#isWriting) return
    this.#isWriting = true
    setImmediate(() => this.#write())
  }

  /** Whether the other side is so far behind that those who can wait had better. */
  get isFull(): boolean {
    return this.isAwaited && this.#sent - this.#taken > FULL
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Resolves when the other side has taken all that was sent before, or has gone. */
  async taken(): Promise<void> {
    const bytes = this.#sent
    if (this.#taken >= bytes) return
    await new Promise<void>((go) => this.#waiting.push({ bytes, go }))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#outgoing = []
    this.#taken = this.#sent
    this.#release()
    this.#stream.destroy()
    this.onClose()
  }

  #write(): void {
    if (this.#isClosed) return
    const bytes = this.#next()
    let isHeldUp = false
    this.#stream.write(bytes, () => this.#written(bytes.length, isHeldUp))
    isHeldUp = this.#stream.writableLength > 0
  }

  /** What is to be written next. */
  #next(): Buffer {
    let count = 0
    for (let bytes = 0; count < this.#outgoing.length; count += 1) {
      bytes += this.#outgoing[count]?.length ?? 0
      if (bytes > WRITE && count > 0) break
    }
    const next = this.#outgoing.splice(0, count)
    const [first] = next
    return first && next.length === 1 ? first : Buffer.concat(next)
  }

  /** @param wasHeldUp whether it did not fit into what the system keeps for the other side */
  #written(bytes: number, wasHeldUp: boolean): void {
    if (this.#isClosed) return
    this.#taken += bytes
    if (wasHeldUp) this.onLife()
    this.#release()
    if (!this.isFull) this.onRoom()
    if (this.#outgoing.length > 0) setImmediate(() => this.#write())
    else this.#isWriting = false
  }

  #release(): void {
    const first = this.#waiting.findIndex(({ bytes }) => bytes > this.#taken)
    const count = first === -1 ? this.#waiting.length : first
    for (const { go } of this.#waiting.splice(0, count)) go()
  }

  #take(chunk: Buffer): void {
    this.onLife()
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
    this.#incoming = start === bytes.length ? [] : [bytes.subarray(start)]
    this.#incomingBytes = bytes.length - start
    this.#wantedBytes = end - start
  }
}

/** Where the message that begins there ends; as far as that can be told, where its head does. */
function endOf(bytes: Buffer, start: number): number {
  const isCut = bytes.length - start < HEAD
  return start + HEAD + (isCut ? 0 : bytes.readUInt32LE(start))
}
