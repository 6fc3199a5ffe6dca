import { createParser } from 'eventsource-parser'

/** An event as a client sees it. */
export interface StreamEvent {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: string
}

/** Parses the body of a stream as a client would, all its events. */
export function parseStream(text: string): StreamEvent[] {
  const events: StreamEvent[] = []
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, event, data }),
  })
  parser.feed(text)
  return events
}
