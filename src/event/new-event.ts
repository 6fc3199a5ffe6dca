import { HubError, messageOf } from '../errors.js'

/** An event to be published; `data` that is not a string goes out as its JSON text. */
export interface NewEvent {
  readonly data: unknown
  readonly id?: string | number
  readonly event?: string
  /** Milliseconds that a client waits before it reconnects. */
  readonly retry?: number
}

/**
 * The JSON of an event that a program hands over; nothing where it is none.
 *
 * @throws {HubError} `INVALID_EVENT` if it cannot be said as JSON
 */
export function eventJson(event: unknown): string {
  try {
    return JSON.stringify(event) ?? ''
  } catch (error) {
    throw new HubError('INVALID_EVENT', `invalid event: ${messageOf(error)}`, { cause: error })
  }
}
