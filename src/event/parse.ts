import { isUtf8 } from 'node:buffer'
import { HubError, messageOf } from '../errors.js'
import { checkEvent, type HubEvent } from './event.js'
import { members } from './json-text.js'

/** What the JSON of an event may have at most, in bytes, where a hub does not say else. [ssehub] */
const MAX_EVENT_BYTES = 8_192_000

/** An event, and where it says that it is to go. */
export interface AddressedEvent {
  readonly event: HubEvent
  /** Its member `path`, not looked at; a number as its digits. */
  readonly path: unknown
}

/**
 * Reads an event from the JSON that publishers send: `{"data":…, "id"?, "event"?, "retry"?}`.
 * Other members are passed over, `path` among them. [ssehub]
 *
 * A string `data` is taken as it is; any other value but null as its JSON text. A number as `id`
 * keeps its digits.
 *
 * @throws {HubError} `INVALID_EVENT`, saying what is wrong and where
 */
export function parseEvent(body: Buffer | string): HubEvent {
  return parseAddressedEvent(body).event
}

/** Reads an event as `parseEvent` does, and its `path`. */
export function parseAddressedEvent(body: Buffer | string): AddressedEvent {
  const text = typeof body === 'string' ? body : decode(body)
  const fields = parseObject(text)
  const texts = new Map<string, string>()
  for (const [name, value] of members(text)) {
    if (texts.has(name)) throw invalid(`the member ${JSON.stringify(name)} is there twice`)
    if (name === '__proto__') throw invalid('the member "__proto__" is forbidden')
    texts.set(name, value)
  }
  const digits = (name: string) =>
    typeof fields[name] === 'number' ? texts.get(name) : fields[name]
  const { data, event, retry } = fields
  if (data === undefined) throw invalid('"data" is missing')
  if (data === null) throw invalid('"data" must not be null')
  const dataText = typeof data === 'string' ? data : texts.get('data')
  return {
    event: checkEvent({ data: dataText, id: digits('id'), event, retry }),
    path: digits('path'),
  }
}

/** @throws {HubError} `INVALID_EVENT` if the JSON of an event has more bytes than it may */
export function checkEventSize(bytes: number, maxBytes = MAX_EVENT_BYTES): void {
  if (bytes > maxBytes) {
    throw invalid(`it has ${bytes} bytes, more than ${maxBytes} (server.maxEventBytes)`)
  }
}

/** Whether a text is a JSON object with a `data` member: a whole event, not just its data. */
export function looksLikeEvent(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  try {
    return Object.hasOwn(parseObject(text), 'data')
  } catch {
    return false // not JSON: it is data
  }
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw invalid('it is not valid UTF-8')
  return body.toString('utf8')
}

function parseObject(text: string): Record<string, unknown> {
  if (text.trim() === '') throw invalid('it is empty; send {"data": "..."}')
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw invalid(`it is not JSON: ${messageOf(error)}`, error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('it must be a JSON object, {"data": "..."}')
  }
  return value as Record<string, unknown>
}

function invalid(why: string, cause?: unknown): HubError {
  return new HubError('INVALID_EVENT', `invalid event: ${why}`, { cause })
}
