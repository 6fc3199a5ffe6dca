/** What has happened to a channel since the hub started. */
export interface Counters {
  events: number
  connects: number
  disconnects: number
  /** Streams that broke. */
  errors: number
  /** Gap events that were sent. */
  gaps: number
  /** Streams that were closed because their client did not read. */
  stalls: number
}

/** Nothing has happened, for a start. */
export function noCounters(): Counters {
  return { events: 0, connects: 0, disconnects: 0, errors: 0, gaps: 0, stalls: 0 }
}
