import { checkEvent, type HubEvent } from '../event/event.js'
import { looksLikeEvent, parseEvent } from '../event/parse.js'

const NATURAL = new Intl.Collator('en', { numeric: true })

/**
 * Reads what the original hub left in Redis: of a channel a hash from id to the event as it went
 * out. Their order is lost with it; that of their ids is the best guess. [ssehub]
 *
 * @returns those that are events still, the oldest first
 */
export function originalEvents(hash: Readonly<Record<string, string>>): HubEvent[] {
  return Object.entries(hash)
    .sort(([a], [b]) => NATURAL.compare(a, b))
    .flatMap(([id, text]) => {
      try {
        const event = looksLikeEvent(text) ? parseEvent(text) : parseFrame(text)
        return [checkEvent({ ...event, id })]
      } catch {
        return [] // such ids and types cannot be sent on
      }
    })
}

/** Reads a frame as EventSource does. [spec] */
function parseFrame(frame: string): Omit<HubEvent, 'id'> {
  const data: string[] = []
  const fields: { event?: string; retry?: number } = {}
  for (const line of frame.split(/\r\n|\n|\r/)) {
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (name === 'data') data.push(value)
    else if (name === 'event') fields.event = value
    else if (name === 'retry' && /^\d+$/.test(value)) fields.retry = Number(value)
  }
  return { ...fields, data: data.join('\n') }
}
