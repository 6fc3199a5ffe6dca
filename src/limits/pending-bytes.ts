/** Who has handed bytes over that the network has not taken. */
export interface Pender {
  /** How many bytes there are of which it alone has a copy, as an encrypted one. */
  copied(): number
  /** Lets go of them, whatever that costs it. */
  cut(): void
}

/** Turns of the event loop in which TLS and HTTP/2 have told of what the network took at once. */
const TURNS = 4

/**
 * The bytes that readers who do not read hold in memory: each buffer counts once, however many
 * wait for the network to take it; copies count for each. Beyond a limit those are cut off that
 * have waited longest.
 */
export class PendingBytes {
  readonly #maxBytes: number
  readonly #onCut: () => void
  readonly #nextTurn: (callback: () => void) => void
  /** What each waits for, a buffer or so many bytes of its own; in the order of their coming. */
  readonly #penders = new Map<Pender, Buffer | number>()
  /** How many wait for each buffer. */
  readonly #buffers = new Map<Buffer, number>()
  /** Those of whom it cannot be told yet whether they have to wait. */
  #fresh = new Map<Pender, Buffer>()
  #older = new Map<Pender, Buffer>()
  #isLooking = false
  #bytes = 0

  /**
   * @param maxBytes 0 is no limit
   * @param onCut told of each that is cut off
   * @param nextTurn calls back in the next turn of the event loop
   */
  constructor(maxBytes: number, onCut: () => void = () => {}, nextTurn = nextTurnOfLoop) {
    this.#maxBytes = maxBytes
    this.#onCut = onCut
    this.#nextTurn = nextTurn
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Somebody waits for the network to take a buffer. */
  add(pender: Pender, buffer: Buffer): void {
    this.#count(pender, buffer)
    this.#limit()
  }

  /** Somebody is told some turns later whether the network has taken a buffer. */
  addSoon(pender: Pender, buffer: Buffer): void {
    if (this.#penders.has(pender) || this.#older.has(pender)) return
    this.#fresh.set(pender, buffer)
    if (!this.#isLooking) this.#lookLater()
  }

  /** It waits no more. */
  remove(pender: Pender): void {
    const waited = this.#penders.get(pender)
    if (waited === undefined) {
      if (!this.#fresh.delete(pender)) this.#older.delete(pender)
      return
    }
    this.#penders.delete(pender)
    this.#discount(waited)
  }

  /** Looks who has come to have a copy since; to be called now and then. */
  review(): void {
    for (const [pender, waited] of this.#penders) {
      const copied = pender.copied()
      if (copied === 0 || copied === waited) continue
      this.#discount(waited)
      this.#count(pender, copied)
    }
    this.#limit()
  }

  #count(pender: Pender, waited: Buffer | number): void {
    this.#penders.set(pender, waited)
    if (typeof waited === 'number') {
      this.#bytes += waited
      return
    }
    const count = this.#buffers.get(waited) ?? 0
    this.#buffers.set(waited, count + 1)
    if (count === 0) this.#bytes += waited.length
  }

  #discount(waited: Buffer | number): void {
    if (typeof waited === 'number') {
      this.#bytes -= waited
      return
    }
    const count = this.#buffers.get(waited) ?? 0
    if (count > 1) {
      this.#buffers.set(waited, count - 1)
    } else {
      this.#buffers.delete(waited)
      this.#bytes -= waited.length
    }
  }

  /** The last one is left alone, whatever it has. */
  #limit(): void {
    if (this.#maxBytes === 0 || this.#bytes <= this.#maxBytes) return
    for (const longest of this.#penders.keys()) {
      if (this.#bytes <= this.#maxBytes || this.#penders.size === 1) return
      this.remove(longest)
      this.#onCut()
      longest.cut()
    }
  }

  #lookLater(turns = TURNS): void {
    this.#isLooking = true
    this.#nextTurn(() => (turns > 1 ? this.#lookLater(turns - 1) : this.#look()))
  }

  /** Who was there the last time, and still is, has to wait; first those who hold the most. */
  #look(): void {
    const waiting = this.#older
    this.#older = this.#fresh
    this.#fresh = new Map()
    const sharing: [Pender, Buffer][] = []
    for (const [pender, buffer] of waiting) {
      const copied = pender.copied()
      if (copied > 0) this.#count(pender, copied)
      else sharing.push([pender, buffer])
    }
    for (const [pender, buffer] of sharing) this.#count(pender, buffer)
    this.#limit()
    this.#isLooking = this.#older.size > 0
    if (this.#isLooking) this.#lookLater()
  }
}

function nextTurnOfLoop(callback: () => void): void {
  setImmediate(callback)
}
