import { isUtf8 } from 'node:buffer'
import { parse as parseJson } from 'secure-json-parse'
import { HubError, messageOf } from '../errors.js'
import { checkEvent, type HubEvent } from './event.js'
import { members } from './json-text.js'

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
  const text = typeof body === 'string' ? body : decode(body)
  const fields = parseObject(text)
  const texts = new Map<string, string>()
  for (const [name, value] of members(text)) {
    if (texts.has(name)) throw invalid(`the member ${JSON.stringify(name)} is there twice`)
    texts.set(name, value)
  }
  const { data, id, event, retry } = fields
  if (data === undefined) throw invalid('"data" is missing')
  if (data === null) throw invalid('"data" must not be null')
  return checkEvent({
    data: typeof data === 'string' ? data : texts.get('data'),
    id: typeof id === 'number' ? texts.get('id') : id,
    event,
    retry,
  })
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
    value = parseJson(text)
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
