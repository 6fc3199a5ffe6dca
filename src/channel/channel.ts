import { type Entry, NOTHING, type Snapshot } from '../event/entry.js'
import type { HistoryLimits } from '../event/history.js'
import { noCounters } from './counters.js'
import { Cursor, type Start } from './cursor.js'
import { FanOut, type FanOutOptions } from './fan-out.js'
import type { Filter } from './filter.js'
import type { Flushable, Flusher } from './flusher.js'
import type { GapReason } from './gap.js'
import { Log } from './log.js'
import type { Window } from './ring.js'
import type { Sink } from './sink.js'
import { Subscriber } from './subscriber.js'

/** How a channel treats its subscribers. */
export interface ChannelOptions
  extends HistoryLimits,
    Pick<FanOutOptions, 'writeSize' | 'pingInterval' | 'pingEvent' | 'stallTimeout' | 'now'> {
  readonly window: Window
  /** Ms since some moment, whatever is done to the clock; without it the time is taken for that. */
  readonly elapsed?: () => number
  /** Told that somebody has come or gone. */
  readonly onCount?: (channel: Channel) => void
}

/**
 * With this many windows of events that subscribers have not been given, those who lag are told
 * of a gap: what other hubs publish cannot be made to wait.
 */
const OVERLOAD = 4

/** A log and those who follow it. Until it is loaded, nothing is known of it. */
export class Channel implements Flushable {
  /** What has happened since the hub started. */
  readonly counters = noCounters()
  /** Events that have left the history for another reason than their number. */
  readonly evictions = { bytes: 0, age: 0 }
  readonly #options: ChannelOptions
  readonly #elapsed: () => number
  readonly #fanOut: FanOut
  #log: Log

  constructor(
    readonly name: string,
    flusher: Flusher,
    options: ChannelOptions,
  ) {
    this.#options = options
    this.#elapsed = options.elapsed ?? options.now
    this.#log = this.#makeLog(NOTHING)
    this.#fanOut = new FanOut(this.#log, {
      ...options,
      channel: name,
      elapsed: this.#elapsed,
      counters: this.counters,
      onBehind: () => flusher.mark(this),
      onEnd: (subscriber) => this.unsubscribe(subscriber),
    })
  }

  get log(): Log {
    return this.#log
  }

  /** How many streams are open. */
  get subscribers(): number {
    return this.#fanOut.size
  }

  /** Whether somebody who has seen this id can go on from it. */
  knows(id: string): boolean {
    return this.#log.history.firstSent(id) !== undefined
  }

  /**
   * Begins its log anew with what its store has.
   *
   * @param broken why subscribers cannot go on from where they are without having missed something
   */
  load(snapshot: Snapshot, broken?: GapReason): void {
    this.#log = this.#makeLog(snapshot)
    this.#log.expire(this.#options.now(), this.#log.head)
    this.#fanOut.load(this.#log, broken)
  }

  /** Takes an event that its store has, and sends it to all subscribers soon. */
  accept(entry: Entry): void {
    const { served, size } = this.#fanOut
    const isUnread = size > 0 && this.#log.load(served) < OVERLOAD
    this.#log.append(entry, isUnread ? served : entry.sequence, this.#options.now())
    this.counters.events += 1
    this.#fanOut.accept()
  }

  /** Lets go of events that are too old for the history. */
  expire(): void {
    if (this.#log.expire(this.#options.now(), this.#fanOut.served)) this.#fanOut.expire()
  }

  /** Whether subscribers have to be served before publishers go on. */
  get isBacklogged(): boolean {
    return this.#fanOut.isBacklogged
  }

  /** Resolves when subscribers have been served enough for publishers to go on; mostly at once. */
  ready(): Promise<void> {
    return this.#fanOut.ready()
  }

  /**
   * Opens a stream; what it is to be shown of the past is written at once.
   *
   * @param expiresAt the time in ms at which it ends, whatever there still is for it
   */
  subscribe(sink: Sink, start: Start, filter?: Filter, expiresAt?: number): Subscriber {
    const now = this.#elapsed()
    this.expire()
    const subscriber = new Subscriber(sink, new Cursor(this.#log, start), filter, now)
    if (start.from === 'id') subscriber.lastId = start.id
    subscriber.expiresAt = expiresAt
    this.counters.connects += 1
    this.#fanOut.add(subscriber, now)
    this.#options.onCount?.(this)
    return subscriber
  }

  /** Forgets a subscriber whose stream has ended. */
  unsubscribe(subscriber: Subscriber): void {
    if (!this.#fanOut.remove(subscriber)) return
    this.counters.disconnects += 1
    this.#options.onCount?.(this)
  }

  flush(most: number): { cost: number; more: boolean } {
    return this.#fanOut.flush(most)
  }

  /**
   * Ends those whose time is over, pings those who have been sent nothing for long, closes those
   * who have long not read.
   */
  tick(): void {
    this.#fanOut.tick()
  }

  /**
   * Ends all streams, each with what there still is for it and a `retry`; one that stalls is ended
   * when it has drained.
   *
   * @param retry ms that a client is to wait before it reconnects, asked for each client
   */
  end(retry: () => number): void {
    this.#fanOut.end(retry)
  }

  #makeLog(snapshot: Snapshot): Log {
    return new Log(snapshot, this.#options, this.#options.window, this.evictions)
  }
}
