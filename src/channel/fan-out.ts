import { encodeRetry, PING } from '../event/encode.js'
import { encodeEnd } from './end.js'
import { Feed, type FeedOptions } from './feed.js'
import { VISIT_COST } from './flusher.js'
import type { GapReason } from './gap.js'
import type { Log } from './log.js'
import { Pack } from './pack.js'
import { Roster } from './roster.js'
import type { Subscriber } from './subscriber.js'

/** From this share of the window on, publishers wait until subscribers have been served. */
const BACKLOG_SHARE = 0.5

export interface FanOutOptions extends Omit<FeedOptions, 'onMore'> {
  /** Ms of silence after which a subscriber is sent a ping. */
  readonly pingInterval: number
  /** Whether a ping is an event that a page can see, rather than a comment. */
  readonly pingEvent: boolean
  /** Ms after which a subscriber that does not read is closed. */
  readonly stallTimeout: number
  /** The time in ms. */
  readonly now: () => number
  readonly counters: { gaps: number; stalls: number }
  /** Called when there is something to flush. */
  readonly onBehind: () => void
}

/**
 * Brings a log to its subscribers, in rounds through all of them: those who keep up together, each
 * of the others by itself.
 */
export class FanOut {
  readonly #options: FanOutOptions
  readonly #feed: Feed
  /** Those who keep up. */
  readonly #pack: Pack
  /** All others. */
  readonly #roster = new Roster()
  #isInRound = false
  /** Whether another round has to follow. */
  #isBehind = false
  /** The head when the round that is under way began. */
  #roundHead: number
  #served: number
  readonly #waiting: (() => void)[] = []

  constructor(log: Log, options: FanOutOptions) {
    this.#options = options
    this.#feed = new Feed(log, { ...options, onMore: () => this.#askForRound() })
    this.#pack = new Pack(log)
    this.#roundHead = log.head
    this.#served = log.head
  }

  /** How many subscribers there are. */
  get size(): number {
    return this.#pack.size + this.#roster.size
  }

  /** Every subscriber that keeps up has been shown all up to this number. */
  get served(): number {
    return this.size === 0 ? this.#feed.log.head : this.#served
  }

  /** Whether subscribers have to be served before publishers go on. */
  get isBacklogged(): boolean {
    return this.size > 0 && this.#feed.log.load(this.#served) > BACKLOG_SHARE
  }

  /** Resolves when subscribers have been served enough for publishers to go on; mostly at once. */
  async ready(): Promise<void> {
    while (this.isBacklogged) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /**
   * Goes over to another log of the channel.
   *
   * @param broken why subscribers cannot go on from where they are without having missed something
   */
  load(log: Log, broken?: GapReason): void {
    this.#feed.load(log)
    this.#served = log.head
    this.#roundHead = log.head
    if (!broken) return
    this.#disband()
    for (const { cursor } of this.#roster) cursor.breakOff(log, broken)
    this.#askForRound()
  }

  /** The log has a new event. */
  accept(): void {
    this.#feed.batches.clear()
    if (this.size === 0) this.#served = this.#feed.log.head
    else this.#askForRound()
  }

  /** The log has let go of events: what was made of them is shown to nobody else. */
  expire(): void {
    this.#feed.batches.clear()
  }

  /** Takes a subscriber in, and writes at once what it is to be shown of the past. */
  add(subscriber: Subscriber, now: number): void {
    this.#roster.add(subscriber)
    this.#feed.advance(subscriber, now)
    this.#fallIn(subscriber)
  }

  /** @returns false if it is no subscriber, or not any more */
  remove(subscriber: Subscriber): boolean {
    return this.#pack.remove(subscriber) || this.#roster.remove(subscriber)
  }

  /** As `Flushable.flush`. */
  flush(most: number): { cost: number; more: boolean } {
    const now = this.#options.elapsed()
    if (!this.#isInRound) this.#beginRound()
    let cost = this.#pack.serve(most, now, (laggard) => this.#roster.add(laggard))
    while (cost < most) {
      const subscriber = this.#roster.next
      if (!subscriber) {
        this.#endRound()
        return { cost, more: this.#isBehind }
      }
      this.#roster.visit()
      cost += VISIT_COST + this.#feed.advance(subscriber, now)
      this.#fallIn(subscriber)
    }
    return { cost, more: true }
  }

  /** As `Channel.tick`. */
  tick(): void {
    const { channel, counters, pingInterval, stallTimeout } = this.#options
    const time = this.#options.now()
    const now = this.#options.elapsed()
    const ping = this.#options.pingEvent ? PING.event : PING.comment
    for (const subscriber of [...this.#pack, ...this.#roster]) {
      const { sink, stalledAt, writtenAt, expiresAt } = subscriber
      if (expiresAt !== undefined && time >= expiresAt && !subscriber.isCut) {
        this.#fallOut(subscriber)
        subscriber.isCut = true
        subscriber.lastBytes = encodeEnd({ channel, reason: 'token-expired' })
        this.#feed.advance(subscriber, now)
      } else if (stalledAt !== undefined) {
        if (now - stalledAt < stallTimeout) continue
        counters.stalls += 1
        sink.destroy()
      } else if (sink.isPending) {
        this.#fallOut(subscriber)
        this.#feed.awaitDrain(subscriber, now)
      } else if (now - writtenAt >= pingInterval) {
        sink.write(ping)
        subscriber.writtenAt = now
      }
    }
  }

  /** As `Channel.end`. */
  end(retry: () => number): void {
    const now = this.#options.elapsed()
    this.#disband()
    for (const subscriber of this.#roster) {
      if (!subscriber.isCut) subscriber.lastBytes = encodeRetry(retry())
      this.#feed.advance(subscriber, now)
    }
  }

  #askForRound(): void {
    this.#isBehind = true
    this.#options.onBehind()
  }

  #beginRound(): void {
    const { log, batches } = this.#feed
    this.#isInRound = true
    this.#isBehind = false
    this.#roundHead = log.head
    if (this.#pack.isPassedBy(log)) this.#disband() // each is told of its gap
    this.#pack.begin(batches, log)
  }

  #endRound(): void {
    this.#isInRound = false
    this.#roster.rewind()
    let served = this.#roundHead
    if (this.#pack.size > 0 && this.#pack.sequence < this.#roundHead) {
      served = this.#pack.sequence
      this.#isBehind = true
    }
    // Never back: all may have left in the round, and others have come after more events.
    this.#served = Math.max(this.#served, served)
    if (!this.isBacklogged) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Lets a subscriber go with the pack from now on, if it has come up with it. */
  #fallIn(subscriber: Subscriber): void {
    const { log } = this.#feed
    if (!subscriber.isLevelWith(log) || !this.#pack.isBeside(subscriber)) return
    if (this.#roster.remove(subscriber)) this.#pack.add(subscriber, log)
  }

  /** Lets a subscriber go its own way. */
  #fallOut(subscriber: Subscriber): void {
    if (this.#pack.remove(subscriber)) this.#roster.add(subscriber)
  }

  #disband(): void {
    for (const subscriber of this.#pack) this.#fallOut(subscriber)
  }
}
