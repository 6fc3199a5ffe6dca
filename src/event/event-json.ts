import { HubError, messageOf } from '../errors.js'

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
