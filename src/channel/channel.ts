import { encodeRetry, PING } from '../event/encode.js'
import { type Entry, NOTHING, type Snapshot } from '../event/entry.js'
import type { HistoryLimits } from '../event/history.js'
import { Batches } from './batch.js'
import { Cursor, type Start } from './cursor.js'
import { encodeEnd } from './end.js'
import type { Filter } from './filter.js'
import { type Flushable, type Flusher, VISIT_COST } from './flusher.js'
import { encodeGap, type GapReason } from './gap.js'
import { Log } from './log.js'
import { Pack } from './pack.js'
import type { Window } from './ring.js'
import { Roster } from './roster.js'
import type { Sink } from './sink.js'
import { Subscriber } from './subscriber.js'

/** How a channel treats its subscribers. */
export interface ChannelOptions extends HistoryLimits {
  readonly window: Window
  /** Bytes that one write takes at most, unless a single event is larger. */
  readonly writeSize: number
  /** Ms of silence after which a subscriber is sent a ping. */
  readonly pingInterval: number
  /** Whether a ping is an event that a page can see, rather than a comment. */
  readonly pingEvent: boolean
  /** Ms after which a subscriber that does not read is closed. */
  readonly stallTimeout: number
  /** The time in ms. */
  readonly now: () => number
  /** Ms since some moment, whatever is done to the clock; without it the time is taken for that. */
  readonly elapsed?: () => number
  /** Told that somebody has come or gone. */
  readonly onCount?: (channel: Channel) => void
}

/** How many writes a subscriber is given in one visit at most; the rest of a replay follows. */
const WRITES_PER_VISIT = 16

/** What looking at an event costs, compared with writing bytes. */
const LOOK_COST = 256

/** From this share of the window on, publishers wait until subscribers have been served. */
const BACKLOG_SHARE = 0.5

/**
 * With this many windows of events that subscribers have not been given, those who lag are told
 * of a gap: what other hubs publish cannot be made to wait.
 */
const OVERLOAD = 4

/** A log and those who follow it. Until it is loaded, nothing is known of it. */
export class Channel implements Flushable {
  /** What has happened since the hub started. */
  readonly counters = { events: 0, connects: 0, disconnects: 0, errors: 0, gaps: 0, stalls: 0 }
  /** Events that have left the history for another reason than their number. */
  readonly evictions = { bytes: 0, age: 0 }
  readonly #options: ChannelOptions
  readonly #flusher: Flusher
  readonly #elapsed: () => number
  #log: Log
  #batches: Batches
  /** Those who keep up. */
  readonly #pack: Pack
  /** All others, each of whom goes its own way. */
  readonly #roster = new Roster()
  #isInRound = false
  /** Every subscriber that keeps up has been shown all up to this number. */
  #served: number
  /** The head when the round that is under way began. */
  #roundHead: number
  /** Whether another round has to follow. */
  #isBehind = false
  readonly #waiting: (() => void)[] = []

  constructor(
    readonly name: string,
    flusher: Flusher,
    options: ChannelOptions,
  ) {
    this.#flusher = flusher
    this.#options = options
    this.#elapsed = options.elapsed ?? options.now
    this.#log = this.#makeLog(NOTHING)
    this.#batches = new Batches(this.#log, options.writeSize)
    this.#pack = new Pack(this.#log)
    this.#served = 0
    this.#roundHead = 0
  }

  get log(): Log {
    return this.#log
  }

  /** How many streams are open. */
  get subscribers(): number {
    return this.#pack.size + this.#roster.size
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
    this.#batches = new Batches(this.#log, this.#options.writeSize)
    this.expire()
    this.#served = this.#log.head
    this.#roundHead = this.#log.head
    if (!broken) return
    this.#disband()
    for (const { cursor } of this.#roster) cursor.breakOff(this.#log, broken)
    this.#askForRound()
  }

  /** Takes an event that its store has, and sends it to all subscribers soon. */
  accept(entry: Entry): void {
    const isUnread = this.subscribers > 0 && this.log.load(this.#served) < OVERLOAD
    this.log.append(entry, isUnread ? this.#served : entry.sequence, this.#options.now())
    this.#batches.clear()
    this.counters.events += 1
    if (this.subscribers === 0) this.#served = entry.sequence
    else this.#askForRound()
  }

  /** Lets go of events that are too old for the history. */
  expire(): void {
    this.#log.expire(this.#options.now(), this.subscribers > 0 ? this.#served : this.#log.head)
  }

  /** Whether subscribers have to be served before publishers go on. */
  get isBacklogged(): boolean {
    return this.subscribers > 0 && this.log.load(this.#served) > BACKLOG_SHARE
  }

  /** Resolves when subscribers have been served enough for publishers to go on; mostly at once. */
  async ready(): Promise<void> {
    while (this.isBacklogged) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /**
   * Opens a stream; what it is to be shown of the past is written at once.
   *
   * @param expiresAt the time in ms at which it ends, whatever there still is for it
   */
  subscribe(sink: Sink, start: Start, filter?: Filter, expiresAt?: number): Subscriber {
    const now = this.#elapsed()
    this.expire()
    const subscriber = new Subscriber(sink, new Cursor(this.log, start), filter, now)
    if (start.from === 'id') subscriber.lastId = start.id
    subscriber.expiresAt = expiresAt
    this.#roster.add(subscriber)
    this.counters.connects += 1
    this.#options.onCount?.(this)
    this.#advance(subscriber, now)
    this.#fallIn(subscriber)
    return subscriber
  }

  /** Forgets a subscriber whose stream has ended. */
  unsubscribe(subscriber: Subscriber): void {
    if (!this.#pack.remove(subscriber) && !this.#roster.remove(subscriber)) return
    this.counters.disconnects += 1
    this.#options.onCount?.(this)
  }

  flush(most: number): { cost: number; more: boolean } {
    const now = this.#elapsed()
    if (!this.#isInRound) this.#beginRound()
    let cost = this.#pack.serve(most, now, (laggard) => this.#roster.add(laggard))
    while (cost < most) {
      const subscriber = this.#roster.next
      if (!subscriber) {
        this.#endRound()
        return { cost, more: this.#isBehind }
      }
      this.#roster.visit()
      cost += VISIT_COST + this.#advance(subscriber, now)
      this.#fallIn(subscriber)
    }
    return { cost, more: true }
  }

  /**
   * Ends those whose time is over, pings those who have been sent nothing for long, closes those
   * who have long not read.
   */
  tick(): void {
    const time = this.#options.now()
    const now = this.#elapsed()
    const ping = this.#options.pingEvent ? PING.event : PING.comment
    for (const subscriber of [...this.#pack, ...this.#roster]) {
      const { sink, stalledAt, writtenAt, expiresAt } = subscriber
      if (expiresAt !== undefined && time >= expiresAt && !subscriber.isCut) {
        this.#fallOut(subscriber)
        subscriber.isCut = true
        subscriber.lastBytes = encodeEnd({ channel: this.name, reason: 'token-expired' })
        this.#advance(subscriber, now)
        continue
      }
      if (stalledAt !== undefined) {
        if (now - stalledAt < this.#options.stallTimeout) continue
        this.counters.stalls += 1
        sink.destroy()
      } else if (sink.isPending) {
        this.#awaitDrain(subscriber, now)
      } else if (now - writtenAt >= this.#options.pingInterval) {
        sink.write(ping)
        subscriber.writtenAt = now
      }
    }
  }

  /**
   * Ends all streams, each with what there still is for it and a `retry`; one that stalls is ended
   * when it has drained.
   *
   * @param retry ms that a client is to wait before it reconnects, asked for each client
   */
  end(retry: () => number): void {
    const now = this.#elapsed()
    this.#disband()
    for (const subscriber of this.#roster) {
      if (!subscriber.isCut) subscriber.lastBytes = encodeRetry(retry())
      this.#advance(subscriber, now)
    }
  }

  #makeLog(snapshot: Snapshot): Log {
    return new Log(snapshot, this.#options, this.#options.window, this.evictions)
  }

  #askForRound(): void {
    this.#isBehind = true
    this.#flusher.mark(this)
  }

  #beginRound(): void {
    this.#isInRound = true
    this.#roundHead = this.log.head
    this.#isBehind = false
    if (this.#pack.isPassedBy(this.log)) this.#disband() // each is told of its gap
    this.#pack.begin(this.#batches, this.log)
  }

  #endRound(): void {
    this.#isInRound = false
    this.#roster.rewind()
    this.#served = this.subscribers === 0 ? this.log.head : this.#roundHead
    if (this.#pack.size > 0 && this.#pack.sequence < this.#roundHead) {
      this.#served = this.#pack.sequence
      this.#isBehind = true
    }
    if (!this.isBacklogged) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Lets a subscriber go with the pack from now on, if it has come up with it. */
  #fallIn(subscriber: Subscriber): void {
    if (!subscriber.isLevelWith(this.log) || !this.#pack.isBeside(subscriber)) return
    if (this.#roster.remove(subscriber)) this.#pack.add(subscriber, this.log)
  }

  /** Lets a subscriber go its own way. */
  #fallOut(subscriber: Subscriber): void {
    if (this.#pack.remove(subscriber)) this.#roster.add(subscriber)
  }

  #disband(): void {
    for (const subscriber of this.#pack) this.#fallOut(subscriber)
  }

  /**
   * Writes what lies between a subscriber's cursor and the head, as far as its socket takes it.
   *
   * @returns what that cost, as bytes
   */
  #advance(subscriber: Subscriber, now: number): number {
    const { cursor, sink, filter } = subscriber
    let cost = 0
    if (subscriber.stalledAt !== undefined) return cost
    while (!subscriber.isCut && !cursor.isAtHead(this.log)) {
      if (sink.isPending) {
        this.#awaitDrain(subscriber, now)
        return cost
      }
      if (cost >= WRITES_PER_VISIT * this.#options.writeSize) {
        this.#askForRound()
        return cost
      }
      const reason = cursor.takeGap(this.log)
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
      this.#awaitDrain(subscriber, now)
      return cost
    }
    sink.end(subscriber.lastBytes)
    this.unsubscribe(subscriber)
    return cost
  }

  #awaitDrain(subscriber: Subscriber, now: number): void {
    subscriber.stalledAt = now
    subscriber.sink.onDrain(() => {
      subscriber.stalledAt = undefined
      if (this.#roster.has(subscriber)) this.#advance(subscriber, this.#elapsed())
    })
  }

  #gap(subscriber: Subscriber, reason: GapReason): Buffer {
    this.counters.gaps += 1
    const { history } = this.log
    return encodeGap({
      channel: this.name,
      requested: subscriber.lastId ?? null,
      oldest: history.oldest?.id ?? null,
      newest: history.newest?.id ?? null,
      reason,
    })
  }
}
