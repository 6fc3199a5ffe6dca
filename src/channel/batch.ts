import type { Cursor, Position } from './cursor.js'
import type { Filter } from './filter.js'
import type { Log } from './log.js'

/** What one write takes at most, in bytes, unless a single event is larger. */
export const MAX_BATCH_BYTES = 65_536

/** What the memory of batches may hold before it is dropped, in bytes. */
const MAX_MEMORY_BYTES = 4_194_304

/** Bytes for a subscriber, and where its cursor stands once they are written. */
export interface Batch {
  /** Shared by all who stand at the same place; empty where nothing passes the filter. */
  readonly bytes: Buffer
  readonly end: Position
  /** The last id in it. */
  readonly lastId: string | undefined
}

/** Builds the batches of a log: one for all subscribers that stand at the same place. */
export class Batches {
  readonly #log: Log
  readonly #made = new Map<string, Batch>()
  #madeBytes = 0
  /** The batch last made for live subscribers without a filter, most of whom stand together. */
  #live: { readonly sequence: number; readonly batch: Batch } | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** Forgets what it has made; to be called when the log has changed. */
  clear(): void {
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
      this.#madeBytes += batch.bytes.length + key.length
    }
    if (isPlain) this.#live = { sequence: cursor.position.sequence, batch }
    return batch
  }

  #make(cursor: Cursor, filter: Filter | undefined): Batch {
    const frames: Buffer[] = []
    let size = 0
    let end = cursor.position
    let lastId: string | undefined
    for (const [entry, position] of cursor.ahead(this.#log)) {
      if (entry && (!filter || filter.passes(entry))) {
        if (size > 0 && size + entry.frame.length > MAX_BATCH_BYTES) break
        frames.push(entry.frame)
        size += entry.frame.length
        lastId = entry.id ?? lastId
      }
      end = position
    }
    const [only] = frames
    const bytes = only && frames.length === 1 ? only : Buffer.concat(frames, size)
    return { bytes, end, lastId }
  }
}
