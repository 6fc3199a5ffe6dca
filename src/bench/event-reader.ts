import { GAP_EVENT } from '../channel/gap.js'
import { numberAt, publisherAt, STAMP_LENGTH, type StampFormat, timeAt } from './stamp.js'

/** Who is told of the events of a stream. */
export interface EventListener {
  /** An event of this run came. @param time when it was sent, in us */
  onStamp(publisher: number, number: number, time: number): void
  /** The hub told of a gap. */
  onGap(): void
  /** An event of this run came that is longer or shorter than it was sent. */
  onDamage(): void
}

const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58

/** Bytes of a line that are looked at, where it is not the data of an event of this run. */
const MAX_LINE = 512

/**
 * Reads an event stream for what the bench wants of it, cheaply: data lines of this run are
 * looked at as far as their stamps go, and passed over from there. Lines end with LF or CRLF.
 */
export class EventReader {
  /** Ms after which the server wants a client to come back, if it has said so. */
  retry: number | undefined
  readonly #format: StampFormat
  readonly #listener: EventListener
  /** A line's beginning, of which more has to come. */
  #held: Buffer | undefined
  /** Bytes of data that are still to be passed over. */
  #skip = 0
  #state: 'line' | 'after data' | 'rest of line' = 'line'
  /** The id that a client would resume from, and that of the event that is being read. */
  #lastId = new HeldId()
  #id = new HeldId()
  #type = ''
  /** Whether the event that is being read has a stamp, and what it says. */
  #isStamped = false
  #publisher = 0
  #number = 0
  #time = 0

  constructor(format: StampFormat, listener: EventListener, lastId?: string) {
    this.#format = format
    this.#listener = listener
    if (lastId !== undefined) this.#lastId.set(Buffer.from(lastId))
  }

  /** The id that a client would resume from. */
  get lastId(): string | undefined {
    return this.#lastId.text
  }

  read(bytes: Buffer, start: number, end: number): void {
    if (!this.#held) {
      this.#read(bytes, start, end)
      return
    }
    const whole = Buffer.concat([this.#held, bytes.subarray(start, end)])
    this.#held = undefined
    this.#read(whole, 0, whole.length)
  }

  #read(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at)
        this.#skip -= skipped
        at += skipped
      } else if (this.#state === 'line') {
        const next = this.#line(bytes, at, end)
        if (next === undefined) {
          this.#held = Buffer.from(bytes.subarray(at, end))
          return
        }
        at = next
      } else {
        at = this.#lineEnd(bytes, at, end)
      }
    }
  }

  /** Goes on to the next line; after data of the right length there is no more of this one. */
  #lineEnd(bytes: Buffer, start: number, end: number): number {
    const byte = bytes[start]
    if (this.#state === 'after data' && byte !== LF && byte !== CR) {
      this.#listener.onDamage()
      this.#isStamped = false
      this.#state = 'rest of line'
    }
    const at = lineFeed(bytes, start, end)
    if (at === end) return end
    this.#state = 'line'
    return at + 1
  }

  /** Reads what begins a line; undefined if more has to come before it can be known. */
  #line(bytes: Buffer, at: number, end: number): number | undefined {
    const byte = bytes[at]
    if (byte === LF) {
      this.#dispatch()
      return at + 1
    }
    if (byte === 100 /* d */ && end - at > 5 && bytes[at + 4] === COLON) {
      const value = bytes[at + 5] === SPACE ? at + 6 : at + 5
      if (end - value >= STAMP_LENGTH && this.#format.isAt(bytes, value)) {
        this.#isStamped = true
        this.#publisher = publisherAt(bytes, value)
        this.#number = numberAt(bytes, value)
        this.#time = timeAt(bytes, value)
        this.#skip = this.#format.size - STAMP_LENGTH
        this.#state = 'after data'
        return value + STAMP_LENGTH
      }
    }
    const close = lineFeed(bytes, at, end)
    if (close === end && end - at < MAX_LINE) return undefined
    if (close - at < MAX_LINE) this.#field(bytes, at, close)
    if (close < end) return close + 1
    this.#state = 'rest of line'
    return end
  }

  #field(bytes: Buffer, start: number, close: number): void {
    const end = bytes[close - 1] === CR ? close - 1 : close
    if (end === start) this.#dispatch()
    const byte = bytes[start]
    if (byte === 105 /* i */ && bytes[start + 2] === COLON) {
      const value = bytes[start + 3] === SPACE ? start + 4 : start + 3
      this.#id.set(bytes, value, end)
    } else if (byte === 101 /* e */) this.#type = fieldAt(bytes, start, end, 'event') ?? this.#type
    else if (byte === 114 /* r */) this.#setRetry(fieldAt(bytes, start, end, 'retry') ?? '')
  }

  #setRetry(text: string): void {
    if (/^\d+$/.test(text)) this.retry = Number(text)
  }

  #dispatch(): void {
    if (this.#id.isSet) {
      const before = this.#lastId
      this.#lastId = this.#id
      this.#id = before
      before.isSet = false
    }
    if (this.#isStamped) this.#listener.onStamp(this.#publisher, this.#number, this.#time)
    else if (this.#type === GAP_EVENT) this.#listener.onGap()
    this.#isStamped = false
    this.#type = ''
  }
}

/** Where the line ends; `end` if it does not in these bytes. */
function lineFeed(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== LF) at += 1
  return at
}

/** The value of a field; undefined if the line is of another one. */
function fieldAt(bytes: Buffer, start: number, end: number, name: string): string | undefined {
  const line = bytes.toString('utf8', start, end)
  if (!line.startsWith(`${name}:`)) return undefined
  return line.slice(name.length + 1).replace(/^ /, '')
}

/** An id as bytes: of a million that go by, few are ever read. */
class HeldId {
  isSet = false
  readonly #bytes = Buffer.allocUnsafe(MAX_LINE)
  #length = 0

  set(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#length = Math.min(end - start, MAX_LINE)
    for (let index = 0; index < this.#length; index += 1) {
      this.#bytes[index] = bytes[start + index] ?? 0
    }
    this.isSet = true
  }

  get text(): string | undefined {
    return this.isSet ? this.#bytes.toString('utf8', 0, this.#length) : undefined
  }
}
