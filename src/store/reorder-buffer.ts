import type { Stamped } from './reading.js'

/** Bytes of events that are held; further ones have to be read when their turn comes. */
const MAX_BYTES = 4_194_304

/** Events that have run ahead of those before them, each held until its turn. */
export class ReorderBuffer {
  /** By their number. */
  readonly #events = new Map<number, Stamped>()
  #bytes = 0

  /** How many events it holds. */
  get size(): number {
    return this.#events.size
  }

  /** Holds an event, in place of another of its number, if there is room. */
  hold(stamped: Stamped): void {
    const { frame } = stamped.entry
    if (this.#bytes + frame.length > MAX_BYTES && this.#events.size > 0) return
    this.keep(stamped)
  }

  /** Holds an event, whatever room there is. */
  keep(stamped: Stamped): void {
    const { sequence, frame } = stamped.entry
    this.take(sequence)
    this.#events.set(sequence, stamped)
    this.#bytes += frame.length
  }

  /** Takes the event of a number out. */
  take(sequence: number): Stamped | undefined {
    const stamped = this.#events.get(sequence)
    this.#events.delete(sequence)
    this.#bytes -= stamped?.entry.frame.length ?? 0
    return stamped
  }

  /** Holds no more than the events of an epoch after a number. */
  retain(epoch: string, after: number): void {
    for (const [sequence, stamped] of this.#events) {
      if (sequence <= after || stamped.epoch !== epoch) this.take(sequence)
    }
  }
}
