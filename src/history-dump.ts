import { decodeEvent } from './event/encode.js'
import type { KeptEntry } from './event/entry.js'

/** A channel's history for people and programs, in the order in which `getcache` shows it. */
export interface HistoryDump {
  readonly channel: string
  readonly epoch: string
  /** The number of the channel's newest event. */
  readonly sequence: number
  readonly events: readonly DumpedEvent[]
}

/** An event of a history. */
export interface DumpedEvent {
  readonly sequence: number
  readonly id: string
  /** The event's type; null where it has none. */
  readonly event: string | null
  readonly data: string
  readonly retry?: number
  /** When the hub took it, in ms since 1970. */
  readonly time: number
}

/** @param entries in any order */
export function dumpHistory(
  channel: string,
  { epoch, head }: { readonly epoch: string; readonly head: number },
  entries: Iterable<KeptEntry>,
): HistoryDump {
  const events = [...entries]
    .sort((a, b) => a.place - b.place)
    .map(({ sequence, id, frame, time }) => {
      const { event = null, data, retry } = decodeEvent(frame)
      return { sequence, id, event, data, ...(retry !== undefined && { retry }), time }
    })
  return { channel, epoch, sequence: head, events }
}
