/** Who has handed bytes over that the network has not taken. */
export interface Pender {
  /** Lets go of them, whatever that costs it. */
  cut(): void
}

/**
 * The bytes that readers who do not read hold in memory: each buffer counts once, however many
 * wait for the network to take it. Beyond a limit those are cut off that have waited longest.
 */
export class PendingBytes {
  readonly #maxBytes: number
  readonly #onCut: () => void
  /** In the order in which they began to wait. */
  readonly #penders = new Map<Pender, Buffer>()
  /** How many wait for each buffer. */
  readonly #buffers = new Map<Buffer, number>()
  #bytes = 0

  /**
   * @param maxBytes 0 is no limit
   * @param onCut told of each that is cut off
   */
  constructor(maxBytes: number, onCut: () => void = () => {}) {
    this.#maxBytes = maxBytes
    this.#onCut = onCut
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Somebody waits for the network to take a buffer. */
  add(pender: Pender, buffer: Buffer): void {
    this.#penders.set(pender, buffer)
    const count = this.#buffers.get(buffer) ?? 0
    this.#buffers.set(buffer, count + 1)
    if (count === 0) this.#bytes += buffer.length
    if (this.#maxBytes === 0 || this.#bytes <= this.#maxBytes) return
    for (const longest of this.#penders.keys()) {
      if (longest === pender || this.#bytes <= this.#maxBytes) return
      this.remove(longest)
      this.#onCut()
      longest.cut()
    }
  }

  /** It waits no more. */
  remove(pender: Pender): void {
    const buffer = this.#penders.get(pender)
    if (!buffer) return
    this.#penders.delete(pender)
    const count = this.#buffers.get(buffer) ?? 0
    if (count > 1) {
      this.#buffers.set(buffer, count - 1)
    } else {
      this.#buffers.delete(buffer)
      this.#bytes -= buffer.length
    }
  }
}
