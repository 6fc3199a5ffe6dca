import { encodeEvent } from './encode.js'
import type { HubEvent } from './event.js'
import type { Departed } from './history.js'

/** An event in its channel: the bytes that go on the wire, under the hub's own number. */
export interface Entry {
  /** The event's number in its channel; each is one more than the one before. */
  readonly sequence: number
  /** Where it stands in the history: the number under which its id came into it. */
  readonly place: number
  /** The number under which its id was first sent, as far as the history knows. */
  readonly first: number
  readonly id: string | undefined
  /** The event's type; undefined is `message`. */
  readonly type: string | undefined
  /** The wire bytes, shared by all who send them; never to be changed. */
  readonly frame: Buffer
  /** When the hub took it, in ms since 1970. */
  readonly time: number
}

/** An event that can be in the history: one with an id. */
export type KeptEntry = Entry & { readonly id: string }

/** What a store has of a channel when the hub opens it. */
export interface Snapshot {
  /** Names one unbroken life of the channel's sequence. */
  readonly epoch: string
  /** The number of the newest event; 0 where there was none yet. */
  readonly head: number
  /** Every event pushed out of the history for want of room has this number or a lower one. */
  readonly evictedThrough: number
  readonly entries: readonly KeptEntry[]
  /** The events that were pushed out and whose ids are still known, in the order they left. */
  readonly departed: readonly Departed[]
  /** Up to this number events are missing that its store has lost; without it none are. */
  readonly brokenThrough?: number
}

/** What is known of a channel that has not been looked up. */
export const NOTHING: Snapshot = {
  epoch: '',
  head: 0,
  evictedThrough: 0,
  entries: [],
  departed: [],
}

/** Encodes an event, once for all its subscribers. */
export function toEntry(
  event: HubEvent,
  at: Pick<Entry, 'sequence' | 'place' | 'first' | 'time'>,
): Entry {
  const { sequence, place, first, time } = at
  return {
    sequence,
    place,
    first,
    time,
    id: event.id,
    type: event.event,
    frame: encodeEvent(event),
  }
}

/** Whether an event can be in the history. */
export function isKept(entry: Entry): entry is KeptEntry {
  return entry.id !== undefined
}
