import type { Entry, Snapshot } from '../event/entry.js'
import type { Break } from './store.js'

/** An event from where the truth is. */
export interface Stamped {
  readonly epoch: string
  /** Names this event and no other, of whatever number. */
  readonly token: string
  /** The token of the event before it; empty where there was none. */
  readonly previous: string
  readonly entry: Entry
}

/** How far a mirror has come. */
export interface Mark {
  readonly epoch: string
  readonly head: number
  /** The token of the event at the head. */
  readonly token: string
}

/** What there is after a mark. */
export type Reading =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'same' }
  /** Events that follow it, not always all, and the number of the newest. */
  | { readonly kind: 'after'; readonly head: number; readonly entries: readonly Stamped[] }
  /** One cannot go on from it. */
  | {
      readonly kind: 'all'
      readonly snapshot: Snapshot
      readonly token: string
      readonly reason: Break
    }
