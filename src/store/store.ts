import type { Entry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { HistoryLimits } from '../event/history.js'

/**
 * Where the truth about channels lives: a cache adapter. [ssehub]
 *
 * Every adapter holds to this:
 * - An event is in the store before anybody sees it; what the store has, `kill -9` does not undo
 *   (of the memory store: nothing survives the process).
 * - Within a channel, sequence numbers rise by one, also over a restart.
 * - The history is what `History` says: of each id the latest, as many as its limits allow.
 */
export interface Store {
  /** Makes it ready; must come before all else. A server that is away is waited for later. */
  start(): Promise<void>

  /**
   * The names of the channels that it holds.
   *
   * @throws {HubError} `STORE_UNAVAILABLE` while its server is away, `STORE_FAILED`
   */
  channels(): Promise<string[]>

  /**
   * Opens a channel, new or known; each once, until it is closed.
   *
   * @throws {HubError} `STORE_UNAVAILABLE` while its server is away, `STORE_FAILED` if what is
   * stored of it cannot be read
   */
  open(name: string, options: StoredChannelOptions, follower: Follower): Promise<StoredChannel>

  /** Completes what is under way and lets go of everything. */
  stop(): Promise<void>
}

/** What a store has to know of a channel. */
export interface StoredChannelOptions extends HistoryLimits {
  /** Whether an event without an id is given one, and so is kept. */
  readonly assignIds: boolean
}

/** Who is told of all that happens to a stored channel, whoever appends to it. */
export interface Follower {
  /**
   * Told what there is: once before `open` resolves, and again when what it was told before cannot
   * be gone on from.
   *
   * @param broken why, if there is a break: `evicted`, events between are not to be had any more;
   *   `reset`, the store has lost or replaced what it had
   */
  load(snapshot: Snapshot, broken?: Break): void

  /**
   * Told of the next event, in the channel's order, each once; before the `append` of it resolves,
   * unless the store has it and cannot show it now.
   */
  accept(entry: Entry): void

  /** Whether it is so far behind with showing what it was told that publishers had better wait. */
  readonly isBacklogged?: boolean

  /** Resolves when it is not. */
  ready?(): Promise<void>
}

/** A follower that does not listen. */
export const NOBODY: Follower = { load() {}, accept() {} }

/** Why what a follower was told cannot be gone on from. */
export type Break = 'evicted' | 'reset'

/** What tells that an event which is handed in more than once is the same one. */
export interface Delivery {
  /** The same each time that it is handed in. */
  readonly key: string
  /** Whether this may not be the first time. */
  readonly isRepeat: boolean
}

/** Who publishes an event, as far as that is counted. */
export interface Publisher {
  /** Where from, as `networkOf` has it. */
  readonly network: string | undefined
  /** Whose token or key it is, if there is one. */
  readonly holder: string | undefined
}

/** A channel as its store has it. */
export interface StoredChannel {
  /**
   * Gives an event its number and keeps it if it has an id; events that are appended one after
   * another are numbered in that order.
   *
   * @param delivery where the same event may be handed in again
   * @param publisher for a store that sees to it how often they may; others do not look at it
   * @returns undefined if it was appended already, at an earlier delivery
   * @throws {HubError} `TOO_MANY_EVENTS` of the publisher; `STORE_FAILED`: the store does not have it,
   *   and no subscriber has seen it; `STORE_UNAVAILABLE`: the same, but a server that went away in the
   *   middle may have it after all
   */
  append(event: HubEvent): Promise<Entry>
  append(
    event: HubEvent,
    delivery: Delivery | undefined,
    publisher?: Publisher,
  ): Promise<Entry | undefined>

  /** What the history holds after a sequence number; all of it after 0. */
  read(after: number): Promise<Snapshot>

  /**
   * Resolves when the follower has been told of all that the store had when this was called.
   *
   * @throws {HubError} `STORE_UNAVAILABLE` or `STORE_FAILED` if that cannot be found out now
   */
  catchUp(): Promise<void>

  /**
   * Lets go of events that have become too old for the history.
   *
   * @throws {HubError} `STORE_UNAVAILABLE`, `STORE_FAILED` if it still holds them
   */
  expire(): Promise<void>

  /** How many streams of it other workers of this hub had open when an append was answered. */
  readonly elsewhere?: number

  /** Follows it no more. */
  close(): void
}
