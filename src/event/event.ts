import { HubError } from '../errors.js'

/** An event as a publisher means it, checked: every field can be written to a stream as it is. */
export interface HubEvent {
  /** Any text; its line ends may be LF, CRLF or CR. */
  readonly data: string
  /** The publisher's own name of the event: printable ASCII, 1 to 128 characters. */
  readonly id?: string
  /** The type that EventSource dispatches; without one it is `message`. */
  readonly event?: string
  /** Milliseconds that a client waits before it reconnects. */
  readonly retry?: number
}

/** Bounds of `retry` on the wire, in ms: less is a reconnect storm, more is a client that is lost. */
const RETRY_LIMITS = { min: 500, max: 3_600_000 } as const

const MAX_NAME_LENGTH = 128
const PRINTABLE_ASCII = /^[\x20-\x7e]+$/
const CONTROL_CHARACTER = /\p{Cc}/u

/**
 * Checks the parts of an event and returns it, `retry` brought into its limits.
 *
 * `id` is held to what every client sends back unchanged as `Last-Event-ID`: printable ASCII
 * that neither begins nor ends with a space.
 *
 * @throws {HubError} `INVALID_EVENT`, naming the field, what it is, and what it should be
 */
export function checkEvent(parts: {
  data?: unknown
  id?: unknown
  event?: unknown
  retry?: unknown
}): HubEvent {
  const { data, id, event, retry } = parts
  if (typeof data !== 'string') throw invalid('data', data, 'text')
  return {
    data,
    ...(id !== undefined && { id: checkId(id) }),
    ...(event !== undefined && event !== '' && { event: checkType(event) }),
    ...(retry !== undefined && { retry: checkRetry(retry) }),
  }
}

function checkId(id: unknown): string {
  if (
    typeof id !== 'string' ||
    id.length > MAX_NAME_LENGTH ||
    !PRINTABLE_ASCII.test(id) ||
    id.trim() !== id
  ) {
    throw invalid(
      'id',
      id,
      `a number or 1 to ${MAX_NAME_LENGTH} printable ASCII characters, with no space at either end`,
    )
  }
  return id
}

function checkType(event: unknown): string {
  if (
    typeof event !== 'string' ||
    event.length > MAX_NAME_LENGTH * 2 ||
    [...event].length > MAX_NAME_LENGTH ||
    CONTROL_CHARACTER.test(event)
  ) {
    throw invalid('event', event, `up to ${MAX_NAME_LENGTH} characters, none a control character`)
  }
  if (isReserved(event)) {
    throw invalid('event', event, `a type that does not begin with "${RESERVED}", the hub's own`)
  }
  return event
}

/** Types that begin so are the hub's own. */
const RESERVED = 'ssehub.'

/** Whether a type is the hub's own, as that of the gap event. */
export function isReserved(type: string): boolean {
  return type.startsWith(RESERVED)
}

function checkRetry(retry: unknown): number {
  if (typeof retry !== 'number' || !Number.isInteger(retry) || retry < 0) {
    throw invalid('retry', retry, 'a whole number of milliseconds')
  }
  return boundRetry(retry)
}

/** Brings a number of ms into the limits of what clients may be told. */
export function boundRetry(retry: number): number {
  return Math.min(Math.max(Math.trunc(retry), RETRY_LIMITS.min), RETRY_LIMITS.max)
}

function invalid(field: string, found: unknown, wanted: string): HubError {
  const shown = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 60)
  return new HubError('INVALID_EVENT', `"${field}" must be ${wanted}; found ${shown}`)
}
