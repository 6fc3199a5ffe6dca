const MARK = '~'
const RUN_LENGTH = 6
const PUBLISHER_DIGITS = 4
const NUMBER_DIGITS = 9
const TIME_DIGITS = 14
const MARK_LENGTH = MARK.length + RUN_LENGTH

/** Bytes of a stamp: no event of the bench has less data. */
export const STAMP_LENGTH = MARK_LENGTH + PUBLISHER_DIGITS + NUMBER_DIGITS + TIME_DIGITS

/** What a stamp has room for: fewer publishers, and fewer events of each. */
export const MAX_PUBLISHERS = 10 ** PUBLISHER_DIGITS
export const MAX_EVENTS = 10 ** NUMBER_DIGITS

/**
 * What the data of the bench's events begins with: the run, the publisher, the publisher's own
 * number of the event, and when it was sent. In characters that JSON, forms and URLs leave as
 * they are, and of fixed length, so that reading it costs next to nothing.
 */
export class StampFormat {
  readonly #mark: string
  readonly #markBytes: Buffer
  readonly #padding: string

  /**
   * @param run 6 characters that no other run has
   * @param size bytes of an event's data, `STAMP_LENGTH` at least
   */
  constructor(
    run: string,
    readonly size: number,
  ) {
    this.#mark = MARK + run
    this.#markBytes = Buffer.from(this.#mark)
    this.#padding = 'x'.repeat(size - STAMP_LENGTH)
  }

  /** The data of an event. @param time us, of the clock that all processes share */
  data(publisher: number, number: number, time: number): string {
    const digits = [
      String(publisher).padStart(PUBLISHER_DIGITS, '0'),
      String(number).padStart(NUMBER_DIGITS, '0'),
      String(Math.floor(time)).padStart(TIME_DIGITS, '0'),
    ]
    return this.#mark + digits.join('') + this.#padding
  }

  /** Whether a stamp of this run begins there; `STAMP_LENGTH` bytes have to be there. */
  isAt(bytes: Buffer, at: number): boolean {
    for (let index = 0; index < MARK_LENGTH; index += 1) {
      if (bytes[at + index] !== this.#markBytes[index]) return false
    }
    return true
  }
}

/** The publisher that a stamp names. */
export function publisherAt(bytes: Buffer, at: number): number {
  return digitsAt(bytes, at + MARK_LENGTH, PUBLISHER_DIGITS)
}

/** The publisher's number of its event. */
export function numberAt(bytes: Buffer, at: number): number {
  return digitsAt(bytes, at + MARK_LENGTH + PUBLISHER_DIGITS, NUMBER_DIGITS)
}

/** When it was sent; us. */
export function timeAt(bytes: Buffer, at: number): number {
  const start = at + MARK_LENGTH + PUBLISHER_DIGITS + NUMBER_DIGITS
  const half = TIME_DIGITS / 2 // each is a small integer, which is read faster
  return digitsAt(bytes, start, half) * 10 ** half + digitsAt(bytes, start + half, half)
}

function digitsAt(bytes: Buffer, at: number, count: number): number {
  let value = 0
  for (let index = at; index < at + count; index += 1) value = value * 10 + (bytes[index] ?? 0) - 48
  return value
}
