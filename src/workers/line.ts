import { Log } from '../channel/log.js'
import { type Entry, NOTHING, type Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { HistoryLimits } from '../event/history.js'
import type { Break, Delivery, Follower, StoredChannel } from '../store/store.js'
import type { Downlink } from './downlink.js'
import { encode } from './link.js'
import { Load } from './load.js'
import type { ToWorker } from './protocol.js'

/** The primary shows nothing to subscribers: of what is not in the history it keeps nothing. */
const NO_WINDOW = { events: 0, bytes: 0 }

/** A channel as the primary has it: follows its store, and tells the workers that follow it. */
export class Line implements Follower {
  /** The events since the hub started. */
  events = 0
  /** Events that have left the history for another reason than their number. */
  readonly evictions = { bytes: 0, age: 0 }
  readonly #limits: HistoryLimits
  readonly #now: () => number
  #log: Log
  readonly #workers = new Set<Downlink>()
  readonly #backlogged = new Set<Downlink>()
  /** What is on its way to workers. */
  readonly #loads = new Map<Downlink, Load>()
  /** Appends that wait for workers. */
  #waiting: (() => void)[] = []

  constructor(
    readonly name: string,
    limits: HistoryLimits,
    now: () => number,
  ) {
    this.#limits = limits
    this.#now = now
    this.#log = this.#makeLog(NOTHING)
  }

  get log(): Log {
    return this.#log
  }

  get isFollowed(): boolean {
    return this.#workers.size > 0
  }

  load(snapshot: Snapshot, broken?: Break): void {
    this.#log = this.#makeLog(snapshot)
    this.expire()
    for (const worker of this.#workers) this.#load(worker, broken)
  }

  accept(entry: Entry): void {
    this.#log.append(entry, entry.sequence, this.#now())
    this.events += 1
    if (this.#workers.size === 0) return
    const bytes = encode({ kind: 'entry', channel: this.name, entry } satisfies ToWorker)
    for (const worker of this.#workers) worker.sendEncoded(bytes)
    for (const load of this.#loads.values()) load.overtake(bytes.length)
  }

  /** Lets go of events that are too old for the history. */
  expire(): void {
    this.#log.expire(this.#now(), this.#log.head)
  }

  /** Tells a worker what there is, and of all that comes; resolves when it has been told. */
  async join(worker: Downlink): Promise<void> {
    this.#load(worker, undefined)
    this.#workers.add(worker)
    for (let load = this.#loads.get(worker); load; load = this.#loads.get(worker)) await load.done
  }

  leave(worker: Downlink): void {
    this.#workers.delete(worker)
    this.#backlogged.delete(worker)
    this.#loads.get(worker)?.cancel()
    this.#loads.delete(worker)
    this.release()
  }

  /** Appends wait while a worker that follows is behind with showing them. */
  setBacklogged(worker: Downlink, isBacklogged: boolean): void {
    if (isBacklogged && this.#workers.has(worker)) this.#backlogged.add(worker)
    else this.#backlogged.delete(worker)
    this.release()
  }

  /** Gives an event to its store, after those that were appended before, once workers can take it. */
  append(
    stored: StoredChannel,
    event: HubEvent,
    delivery: Delivery | undefined,
  ): Promise<Entry | undefined> {
    if (!this.#isHeld && this.#waiting.length === 0) return stored.append(event, delivery)
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(stored.append(event, delivery)))
    })
  }

  /** Lets the appends that wait go on if they can. */
  release(): void {
    if (this.#waiting.length === 0 || this.#isHeld) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const append of waiting) append()
  }

  #makeLog(snapshot: Snapshot): Log {
    return new Log(snapshot, this.#limits, NO_WINDOW, this.evictions)
  }

  get #isHeld(): boolean {
    for (const worker of this.#workers) if (this.#isBehind(worker)) return true
    return false
  }

  #isBehind(worker: Downlink): boolean {
    if (!worker.isAwaited) return false
    return (
      worker.isFull || this.#backlogged.has(worker) || this.#loads.get(worker)?.isOvertaken === true
    )
  }

  async #load(worker: Downlink, broken: Break | undefined): Promise<void> {
    this.#loads.get(worker)?.cancel()
    const { epoch, head, history, brokenThrough } = this.#log
    const { evictedThrough } = history
    const entries = [...history.after(0)]
    const departed = [...history.departed]
    const all = { epoch, head, evictedThrough, entries, departed }
    const snapshot = brokenThrough > 0 ? { ...all, brokenThrough } : all
    const load = new Load(worker, this.name, snapshot, broken)
    this.#loads.set(worker, load)
    await load.done
    if (this.#loads.get(worker) !== load) return
    this.#loads.delete(worker)
    this.release()
  }
}
