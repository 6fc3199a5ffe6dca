import { Batches } from './batch.js'
import { encodeGap, type GapReason } from './gap.js'
import type { Log } from './log.js'
import type { Subscriber } from './subscriber.js'

/** How many writes a subscriber is given in one visit at most; the rest of a replay follows. */
const WRITES_PER_VISIT = 16

/** What looking at an event costs, compared with writing bytes. */
const LOOK_COST = 256

export interface FeedOptions {
  /** The name of the channel. */
  readonly channel: string
  /** Bytes that one write takes at most, unless a single event is larger. */
  readonly writeSize: number
  /** Ms since some moment. */
  readonly elapsed: () => number
  /** Where gap events are counted. */
  readonly counters: { gaps: number }
  /** Called when a subscriber could be written to, and was given enough for one visit. */
  readonly onMore: () => void
  /** Called when a subscriber has been sent its last bytes. */
  readonly onEnd: (subscriber: Subscriber) => void
}

/** Shows subscribers, one at a time, what lies between their cursors and the head of a log. */
export class Feed {
  readonly #options: FeedOptions
  #log: Log
  #batches: Batches

  constructor(log: Log, options: FeedOptions) {
    this.#options = options
    this.#log = log
    this.#batches = new Batches(log, options.writeSize)
  }

  get log(): Log {
    return this.#log
  }

  get batches(): Batches {
    return this.#batches
  }

  /** Goes over to another log. */
  load(log: Log): void {
    this.#log = log
    this.#batches = new Batches(log, this.#options.writeSize)
  }

  /**
   * Writes what lies between a subscriber's cursor and the head, as far as its socket takes it; of
   * one that stalls, the rest when it has drained.
   *
   * @returns what that cost, as bytes
   */
  advance(subscriber: Subscriber, now: number): number {
    const { cursor, sink, filter } = subscriber
    const { writeSize, onMore, onEnd } = this.#options
    let cost = 0
    if (subscriber.stalledAt !== undefined) return cost
    while (!subscriber.isCut && !cursor.isAtHead(this.#log)) {
      if (sink.isPending) {
        this.awaitDrain(subscriber, now)
        return cost
      }
      if (cost >= WRITES_PER_VISIT * writeSize) {
        onMore()
        return cost
      }
      const reason = cursor.takeGap(this.#log)
      let bytes: Buffer
      if (reason) {
        bytes = this.#gap(subscriber, reason)
      } else {
        const batch = this.#batches.next(cursor, filter)
        cursor.moveTo(batch.end)
        subscriber.lastId = batch.lastId ?? subscriber.lastId
        bytes = batch.bytes
        cost += batch.looked * LOOK_COST
      }
      cost += bytes.length
      if (bytes.length === 0) continue
      sink.write(bytes)
      subscriber.writtenAt = now
    }
    if (!subscriber.lastBytes) return cost
    if (subscriber.isCut && sink.isPending) {
      this.awaitDrain(subscriber, now)
      return cost
    }
    sink.end(subscriber.lastBytes)
    onEnd(subscriber)
    return cost
  }

  /** Goes on with a subscriber, if it is still there, when its network has taken all. */
  awaitDrain(subscriber: Subscriber, now: number): void {
    subscriber.stalledAt = now
    subscriber.sink.onDrain(() => {
      subscriber.stalledAt = undefined
      if (subscriber.index !== -1) this.advance(subscriber, this.#options.elapsed())
    })
  }

  #gap({ lastId }: Subscriber, reason: GapReason): Buffer {
    this.#options.counters.gaps += 1
    const { history } = this.#log
    return encodeGap({
      channel: this.#options.channel,
      requested: lastId ?? null,
      oldest: history.oldest?.id ?? null,
      newest: history.newest?.id ?? null,
      reason,
    })
  }
}
