import { boundRetry, type HubEvent, isReserved } from './event.js'

const LINE_END = /\r\n|\n|\r/

/**
 * The bytes of an event on the wire: `id`, `event`, `retry`, a `data:` line for each line of its
 * data, a blank line. Every line end of the data ends a line, so no data can add a field. [spec]
 *
 * `id` and `event` hold no line end once checked, and `retry` is in its limits; should others arrive
 * from elsewhere (old stored bytes), control characters and types that are the hub's own are dropped
 * here, and numbers bounded.
 */
export function encodeEvent({ id, event, retry, data }: HubEvent): Buffer {
  let frame = ''
  if (id !== undefined) frame += `id: ${oneLine(id)}\n`
  const type = event === undefined ? undefined : oneLine(event)
  if (type !== undefined && !isReserved(type)) frame += `event: ${type}\n`
  if (retry !== undefined) frame += `retry: ${boundRetry(retry)}\n`
  if (data.includes('\n') || data.includes('\r')) {
    for (const line of data.split(LINE_END)) frame += `data: ${line}\n`
  } else {
    frame += `data: ${data}\n`
  }
  return Buffer.from(`${frame}\n`)
}

/** The event that a frame holds; line ends of its data come back as LF, as a client sees them. */
export function decodeEvent(frame: Buffer): HubEvent {
  const fields: { id?: string; event?: string; retry?: number } = {}
  const data: string[] = []
  for (const line of frame.toString('utf8').split('\n')) {
    const colon = line.indexOf(': ')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 2)
    if (name === 'data') data.push(value)
    else if (name === 'retry') fields.retry = Number(value)
    else if (name === 'id' || name === 'event') fields[name] = value
  }
  return { ...fields, data: data.join('\n') }
}

/** The first bytes of every stream, so that a client sees it open at once. [ssehub] */
export const STREAM_OPEN = Buffer.from(':ok\n\n')

/** Padding for polyfills on clients that hold back the first 2 KB of a response. [ssehub] */
export const PREAMBLE = Buffer.from(`:${'.'.repeat(2048)}\n\n`)

/** A keep-alive: a comment that no page sees, or an event that a page can watch for. [ssehub] */
export const PING = { comment: Buffer.from(':\n\n'), event: Buffer.from('event: ping\ndata:\n\n') }

/** A field of its own that only sets how long a client waits before it reconnects, in ms. [spec] */
export function encodeRetry(milliseconds: number): Buffer {
  return Buffer.from(`retry: ${Math.round(milliseconds)}\n\n`)
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '')
}
