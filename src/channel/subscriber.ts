import type { Cursor } from './cursor.js'
import type { Filter } from './filter.js'
import type { Log } from './log.js'
import type { Sink } from './sink.js'

/** One open stream: a sink and a cursor, no queue of its own. */
export class Subscriber {
  /** The last id that it was sent, or asked to go on from. */
  lastId: string | undefined
  /** When it was last written to, in ms. */
  writtenAt: number
  /** Since when it has not read what it was sent, in ms; undefined while it keeps up. */
  stalledAt: number | undefined
  /** What it is to be sent last, once it has been shown all; undefined while the stream goes on. */
  lastBytes: Buffer | undefined
  /** The time in ms at which it may be shown nothing more; undefined is never. */
  expiresAt: number | undefined
  /** Whether it is shown nothing more but `lastBytes`. */
  isCut = false
  /** Its index in the channel's roster. */
  index = -1

  constructor(
    readonly sink: Sink,
    readonly cursor: Cursor,
    readonly filter: Filter | undefined,
    now: number,
  ) {
    this.writtenAt = now
  }

  /** Whether it is shown everything, and has been shown all that there is. */
  isLevelWith(log: Log): boolean {
    return !this.filter && this.stalledAt === undefined && this.cursor.isAtHead(log)
  }
}
