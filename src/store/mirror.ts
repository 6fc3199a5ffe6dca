import { setTimeout as wait } from 'node:timers/promises'
import { type Entry, NOTHING, type Snapshot } from '../event/entry.js'
import { Pacer } from './pacer.js'
import { newEpoch } from './sequencer.js'
import type { Break, Follower } from './store.js'

/** An event from where the truth is. */
export interface Stamped {
  readonly epoch: string
  /** Names this event and no other, of whatever number. */
  readonly token: string
  /** The token of the event before it; empty where there was none. */
  readonly previous: string
  readonly entry: Entry
}

/** How far a mirror has come. */
export interface Position {
  readonly epoch: string
  readonly head: number
  /** The token of the event at the head. */
  readonly token: string
}

/** What there is after a position. */
export type Reading =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'same' }
  /** Events that follow it, not always all, and the number of the newest. */
  | { readonly kind: 'after'; readonly head: number; readonly entries: readonly Stamped[] }
  /** One cannot go on from it. */
  | {
      readonly kind: 'all'
      readonly snapshot: Snapshot
      readonly token: string
      readonly reason: Break
    }

export interface MirrorOptions {
  /** Reads on from a position, or all there is. */
  readonly read: (position: Position | undefined) => Promise<Reading>
  readonly follower: Follower
  /** Told of a reading that failed and that nobody waits for. */
  readonly report: (error: unknown) => void
  /** Ms that an event which has run ahead waits for those before it, before they are read. */
  readonly patience?: number
  /** Ms from one reading to the next, whoever asks for it. */
  readonly spacing?: number
}

const PATIENCE = 20
const SPACING = 100

/** How many times longer that is while nothing new is found. */
const CALM = 10

/** How many events that have run ahead are held; further ones are read when their turn comes. */
const MAX_HELD = 4096

/** The tokens of how many events are known, to tell a repetition from another event. */
const MAX_TOKENS = 1024

/**
 * Follows a channel whose truth is elsewhere: puts the events that arrive, late or early, once or
 * twice, into their order, reads those that do not, and tells its follower of a break where the
 * truth has none of them any more.
 */
export class Mirror {
  readonly #options: MirrorOptions
  /** Its epoch is one that no event has, until there is one. */
  #position: Position
  #isLoaded = false
  /** Events that have run ahead, by their number. */
  readonly #held = new Map<number, Stamped>()
  readonly #tokens = new Map<number, string>()
  readonly #waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>()
  #reading: Promise<void> = Promise.resolve()
  #nextReading: Promise<void> | undefined
  readonly #pacer = new Pacer()
  /** Whether the last reading found nothing new. */
  #isCalm = false
  #hole: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: MirrorOptions) {
    this.#options = options
    this.#position = { epoch: newEpoch(), head: 0, token: '' }
  }

  get position(): Position {
    return this.#position
  }

  /** Whether it has told of this event. */
  has({ sequence, token }: { readonly sequence: number; readonly token: string }): boolean {
    return this.#tokens.get(sequence) === token
  }

  /** Takes an event in, in whatever order they come; of undefined it knows that there is one. */
  receive(stamped: Stamped | undefined): void {
    if (!stamped) {
      this.#readSoon()
      return
    }
    const { epoch, token, entry } = stamped
    const { sequence } = entry
    if (epoch !== this.#position.epoch) {
      if (this.#isLoaded && this.#position.head === 0 && sequence === 1) this.#adopt(epoch)
      else {
        this.#hold(stamped)
        this.#readSoon()
        return
      }
    }
    if (sequence <= this.#position.head) {
      if (this.#tokens.get(sequence) !== token) this.#readSoon()
      return
    }
    this.#hold(stamped)
    this.#drain()
    if (this.#held.size > 0)
      this.#hole ??= setTimeout(() => this.#readSoon(), this.#options.patience ?? PATIENCE)
  }

  /**
   * Resolves when its follower was told of all that there was when this was called. Those who ask
   * at the same time share a reading.
   *
   * @throws what `read` does
   */
  catchUp(): Promise<void> {
    this.#nextReading ??= this.#readNext()
    return this.#nextReading
  }

  /** Resolves when the follower was told of the event of that number, or of a break. */
  async reached(sequence: number, timeout: number): Promise<void> {
    if (sequence <= this.#position.head) return
    let waiting: { sequence: number; resolve: () => void } | undefined
    const told = new Promise<void>((resolve) => {
      waiting = { sequence, resolve }
      this.#waiting.add(waiting)
    })
    const timer = new AbortController()
    await Promise.race([told, wait(timeout, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
    if (waiting) this.#waiting.delete(waiting)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#hole)
    for (const { resolve } of this.#waiting) resolve()
  }

  #readSoon(): void {
    if (this.#isClosed) return
    this.#isCalm = false
    this.catchUp().catch(this.#options.report)
    this.#pacer.hurry(this.#spacing)
  }

  /** Those who ask where there is nothing new, again and again, wait longer for each other. */
  get #spacing(): number {
    const { spacing = SPACING } = this.#options
    return this.#isCalm ? spacing * CALM : spacing
  }

  async #readNext(): Promise<void> {
    await this.#reading.catch(() => {}) // who asked for that one is told
    await this.#pacer.turn(this.#spacing)
    this.#nextReading = undefined
    clearTimeout(this.#hole)
    this.#hole = undefined
    this.#reading = this.#read()
    return this.#reading
  }

  async #read(): Promise<void> {
    let isDone = false
    while (!isDone && !this.#isClosed) {
      isDone = this.#apply(await this.#options.read(this.#isLoaded ? this.#position : undefined))
    }
  }

  /** @returns whether there was no more to be read */
  #apply(reading: Reading): boolean {
    switch (reading.kind) {
      case 'nothing':
        if (!this.#isLoaded || this.#position.head > 0) {
          this.#load({ ...NOTHING, epoch: newEpoch() }, '', 'reset')
        }
        return true
      case 'same':
        this.#isCalm = true
        return true
      case 'after':
        return !this.#goOn(reading.entries) || this.#position.head >= reading.head
      case 'all':
        // What arrived during the reading may have brought it there after all.
        if (reading.reason === 'reset' || !this.#isPast(reading.snapshot)) {
          this.#load(reading.snapshot, reading.token, reading.reason)
        }
        return true
    }
  }

  /** @returns whether it came any further */
  #goOn(entries: readonly Stamped[]): boolean {
    const { head } = this.#position
    if (head === 0) this.#adopt(entries[0]?.epoch)
    for (const stamped of entries) {
      const { sequence } = stamped.entry
      if (sequence > head) this.#held.set(sequence, stamped)
    }
    this.#drain()
    return this.#position.head > head
  }

  #isPast({ epoch, head }: Snapshot): boolean {
    return this.#isLoaded && epoch === this.#position.epoch && head <= this.#position.head
  }

  /** The first event of a channel decides on its epoch. */
  #adopt(epoch: string | undefined): void {
    if (epoch === undefined || epoch === this.#position.epoch) return
    this.#position = { ...this.#position, epoch }
    this.#options.follower.load({ ...NOTHING, epoch })
  }

  #load(snapshot: Snapshot, token: string, reason: Break): void {
    const { epoch, head } = snapshot
    this.#position = { epoch, head, token }
    this.#tokens.clear()
    this.#tokens.set(head, token)
    for (const [sequence, held] of this.#held) {
      if (sequence <= head || held.epoch !== epoch) this.#held.delete(sequence)
    }
    this.#options.follower.load(snapshot, this.#isLoaded ? reason : undefined)
    this.#isLoaded = true
    for (const { resolve } of this.#waiting) resolve()
    this.#drain()
  }

  #hold(stamped: Stamped): void {
    if (this.#held.size < MAX_HELD) this.#held.set(stamped.entry.sequence, stamped)
  }

  /** Tells the follower of what is held and comes next. */
  #drain(): void {
    if (!this.#isLoaded) return
    for (;;) {
      const { epoch, head, token } = this.#position
      const next = this.#held.get(head + 1)
      if (!next) break
      this.#held.delete(head + 1)
      if (next.epoch !== epoch || (next.previous !== token && head > 0)) {
        this.#readSoon()
        return
      }
      this.#take(next)
    }
    for (const waiting of this.#waiting) {
      if (waiting.sequence <= this.#position.head) waiting.resolve()
    }
    if (this.#held.size > 0) return
    clearTimeout(this.#hole)
    this.#hole = undefined
  }

  #take({ token, entry }: Stamped): void {
    const { sequence } = entry
    this.#position = { ...this.#position, head: sequence, token }
    this.#tokens.set(sequence, token)
    this.#tokens.delete(sequence - MAX_TOKENS)
    this.#isCalm = false
    this.#options.follower.accept(entry)
  }
}
