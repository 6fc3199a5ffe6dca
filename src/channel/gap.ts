/** Why a subscriber could not get what it missed. */
export type GapReason =
  /** The hub does not know the id that it asked for. */
  | 'unknown-id'
  /** Events after the id that it asked for were pushed out of the history. */
  | 'evicted'
  /** It did not read while the log moved on past it. */
  | 'slow'
  /** The channel's store was emptied. */
  | 'reset'

/** What the gap event tells: where the subscriber stood, and what there is still to be had. */
export interface Gap {
  readonly channel: string
  /** The last id that the subscriber asked for or was sent; null where that is not known. */
  readonly requested: string | null
  /** The ids that the history reaches from and to; null where it is empty. */
  readonly oldest: string | null
  readonly newest: string | null
  readonly reason: GapReason
}

/** The type of the event that tells a subscriber in its stream that it missed something. */
export const GAP_EVENT = 'ssehub.gap'

/** It has no `id` line, so that a client that drops here asks again from where it stood. */
export function encodeGap(gap: Gap): Buffer {
  return Buffer.from(`event: ${GAP_EVENT}\ndata: ${JSON.stringify(gap)}\n\n`)
}
