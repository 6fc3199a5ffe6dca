import { members } from '../event/json-text.js'
import { looksLikeEvent } from '../event/parse.js'

/** The parts of an event that are given apart from its data. */
interface EventFields {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly retry?: number | undefined
  /** The channel, where the event itself has to say it. */
  readonly path?: string | undefined
}

/**
 * The JSON of an event, as it is published.
 *
 * @param text a JSON object with a `data` member is the whole event, anything else its data
 * @param fields put in place of what the event itself says
 * @param options.raw take the text for the data, whatever it is
 */
export function eventText(
  text: string,
  fields: EventFields = {},
  { raw = false }: { raw?: boolean | undefined } = {},
): string {
  const whole = !raw && looksLikeEvent(text)
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (whole && given.length === 0) return text
  // Copied as text, since a parsed number would lose digits.
  const parts: [string, string][] = whole ? members(text) : [['data', JSON.stringify(text)]]
  const kept = parts.filter(([name]) => !given.some(([replaced]) => replaced === name))
  const replaced = given.map(([name, value]) => [name, JSON.stringify(value)] as const)
  const all = [...kept, ...replaced].map(([name, value]) => `${JSON.stringify(name)}:${value}`)
  return `{${all.join(',')}}`
}
