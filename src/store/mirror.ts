import { NOTHING, type Snapshot } from '../event/entry.js'
import { within } from '../within.js'
import { emptySnapshot, newEpoch } from './epoch.js'
import { Pacer } from './pacer.js'
import type { Mark, Reading, Stamped } from './reading.js'
import { ReorderBuffer } from './reorder-buffer.js'
import type { Break, Follower } from './store.js'

export interface MirrorOptions {
  /** Reads on from a mark, or all there is. */
  readonly read: (mark: Mark | undefined) => Promise<Reading>
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

/** Ms after a reading that failed, until what is still missing is read again. */
const AFTER_FAILURE = 1000

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
  #mark: Mark
  #isLoaded = false
  readonly #ahead = new ReorderBuffer()
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
    this.#mark = { epoch: newEpoch(), head: 0, token: '' }
  }

  /** How far it has come. */
  get mark(): Mark {
    return this.#mark
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
    if (epoch !== this.#mark.epoch) {
      if (this.#isLoaded && this.#mark.head === 0 && sequence === 1) this.#adopt(epoch)
      else {
        this.#ahead.hold(stamped)
        this.#readSoon()
        return
      }
    }
    if (sequence <= this.#mark.head) {
      if (this.#tokens.get(sequence) !== token) this.#readSoon()
      return
    }
    this.#ahead.hold(stamped)
    this.#drain()
    if (this.#ahead.size > 0) this.#awaitHole(this.#options.patience ?? PATIENCE)
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

  /** Resolves when the follower was told of an event, or of a break; at the latest after some ms. */
  async reached(epoch: string, sequence: number, timeout: number): Promise<void> {
    if (this.#isClosed || (epoch === this.#mark.epoch && sequence <= this.#mark.head)) return
    const told = new Promise<void>((resolve) => this.#waiting.add({ sequence, resolve }))
    await within(timeout, told)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#hole)
    this.#pacer.hurry(0)
    for (const { resolve } of this.#waiting) resolve()
    this.#waiting.clear()
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
    try {
      await this.#reading
    } catch (error) {
      if (this.#ahead.size > 0) this.#awaitHole(AFTER_FAILURE)
      throw error
    }
  }

  async #read(): Promise<void> {
    let isDone = false
    while (!isDone && !this.#isClosed) {
      const mark = this.#isLoaded ? this.#mark : undefined
      const reading = await this.#options.read(mark)
      if (this.#isClosed) return
      isDone = this.#apply(reading, mark)
    }
  }

  /** @returns whether there was no more to be read */
  #apply(reading: Reading, mark: Mark | undefined): boolean {
    switch (reading.kind) {
      case 'nothing':
        if (mark && mark !== this.#mark) return false // it may have been read before what arrived
        if (!this.#isLoaded || this.#mark.head > 0) {
          this.#load(emptySnapshot(), '', 'reset')
        }
        return true
      case 'same':
        this.#isCalm = this.#ahead.size === 0
        return true
      case 'after':
        this.#goOn(reading.entries)
        return mark === this.#mark || this.#mark.head >= reading.head
      case 'all':
        // What arrived during the reading may have brought it there after all.
        if (reading.reason === 'reset' || !this.#isPast(reading.snapshot)) {
          this.#load(reading.snapshot, reading.token, reading.reason)
        }
        return true
    }
  }

  #goOn(entries: readonly Stamped[]): void {
    const { head } = this.#mark
    if (head === 0) this.#adopt(entries[0]?.epoch)
    for (const stamped of entries) if (stamped.entry.sequence > head) this.#ahead.keep(stamped)
    this.#drain()
  }

  #isPast({ epoch, head }: Snapshot): boolean {
    return this.#isLoaded && epoch === this.#mark.epoch && head <= this.#mark.head
  }

  /** The first event of a channel decides on its epoch. */
  #adopt(epoch: string | undefined): void {
    if (epoch === undefined || epoch === this.#mark.epoch) return
    this.#mark = { ...this.#mark, epoch }
    this.#options.follower.load({ ...NOTHING, epoch })
  }

  #load(snapshot: Snapshot, token: string, reason: Break): void {
    const { epoch, head } = snapshot
    this.#mark = { epoch, head, token }
    this.#tokens.clear()
    this.#tokens.set(head, token)
    this.#ahead.retain(epoch, head)
    this.#options.follower.load(snapshot, this.#isLoaded ? reason : undefined)
    this.#isLoaded = true
    for (const { resolve } of this.#waiting) resolve()
    this.#waiting.clear()
    this.#drain()
  }

  /** Reads what is missing if it does not arrive meanwhile. */
  #awaitHole(patience: number): void {
    if (!this.#isClosed) this.#hole ??= setTimeout(() => this.#readSoon(), patience)
  }

  /** Tells the follower of what has run ahead and comes next. */
  #drain(): void {
    if (!this.#isLoaded) return
    for (;;) {
      const { epoch, head, token } = this.#mark
      const next = this.#ahead.take(head + 1)
      if (!next) break
      if (next.epoch !== epoch || (next.previous !== token && head > 0)) {
        this.#readSoon()
        return
      }
      this.#take(next)
    }
    for (const waiting of this.#waiting) {
      if (waiting.sequence > this.#mark.head) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
    if (this.#ahead.size > 0) return
    clearTimeout(this.#hole)
    this.#hole = undefined
  }

  #take({ token, entry }: Stamped): void {
    const { sequence } = entry
    this.#mark = { ...this.#mark, head: sequence, token }
    this.#tokens.set(sequence, token)
    this.#tokens.delete(sequence - MAX_TOKENS)
    this.#isCalm = false
    this.#options.follower.accept(entry)
  }
}
