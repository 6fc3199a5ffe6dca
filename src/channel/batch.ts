import type { Cursor, Position } from './cursor.js'
import type { Filter } from './filter.js'
import type { Log } from './log.js'

/** What one batch looks at, in events, passed by the filter or not. */
const MAX_BATCH_EVENTS = 4096

/** What the memory of batches may hold before it is dropped, in bytes. */
const MAX_MEMORY_BYTES = 4_194_304

/** What a batch takes in memory besides its bytes, about. */
const BATCH_OVERHEAD = 256

/** Bytes for a subscriber, and where its cursor stands once they are written. */
export interface Batch {
  /** Shared by all who stand at the same place; empty where nothing passes the filter. */
  readonly bytes: Buffer
  readonly end: Position
  /** The last id in it. */
  readonly lastId: string | undefined
  /** How many events were looked at for it. */
  readonly looked: number
}

/** Builds the batches of a log: one for all subscribers that stand at the same place. */
export class Batches {
  readonly #log: Log
  readonly #maxBytes: number
  readonly #made = new Map<string, Batch>()
  #madeBytes = 0
  /** The batch last made for live subscribers without a filter, most of whom stand together. */
  #live: { readonly sequence: number; readonly batch: Batch } | undefined

  /** @param maxBytes what one batch holds at most, unless a single event is larger */
  constructor(log: Log, maxBytes: number) {
    this.#log = log
    this.#maxBytes = maxBytes
  }

  /** Forgets what it has made; to be called when the log has changed. */
  clear(): void {
    if (this.#made.size === 0) return // to clear a map makes its table anew
    this.#live = undefined
    this.#made.clear()
    this.#madeBytes = 0
  }

  /** What comes next for a cursor that is not at the head and has been told of its gaps. */
  next(cursor: Cursor, filter: Filter | undefined): Batch {
    const isPlain = cursor.isLive && !filter
    if (isPlain && this.#live?.sequence === cursor.position.sequence) return this.#live.batch
    const key = filter ? `${cursor.key} ${filter.key}` : cursor.key
    let batch = this.#made.get(key)
    if (!batch) {
      batch = this.#make(cursor, filter)
      if (this.#madeBytes > MAX_MEMORY_BYTES) this.clear()
      this.#made.set(key, batch)
      this.#madeBytes += batch.bytes.length + key.length + BATCH_OVERHEAD
    }
    if (isPlain) this.#live = { sequence: cursor.position.sequence, batch }
    return batch
  }

  #make(cursor: Cursor, filter: Filter | undefined): Batch {
    const frames: Buffer[] = []
    let size = 0
    let looked = 0
    let end = cursor.position
    let lastId: string | undefined
    for (const [entry, position] of cursor.ahead(this.#log)) {
      if (looked === MAX_BATCH_EVENTS) break
      looked += 1
      if (entry && (!filter || filter.passes(entry))) {
        if (size > 0 && size + entry.frame.length > this.#maxBytes) break
        frames.push(entry.frame)
        size += entry.frame.length
        lastId = entry.id ?? lastId
      }
      end = position
    }
    const [only] = frames
    const bytes = only && frames.length === 1 ? only : Buffer.concat(frames, size)
    return { bytes, end, lastId, looked }
  }
}
