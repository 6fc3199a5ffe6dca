import type { Entry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'

/**
 * Where the truth about channels lives: a cache adapter. [ssehub]
 *
 * Every adapter holds to this:
 * - An event is in the store before anybody sees it; what the store has, `kill -9` does not undo
 *   (of the memory store: nothing survives the process).
 * - Within a channel, sequence numbers rise by one, also over a restart.
 * - The history is what `History` says: of each id the latest, `cacheLength` of them.
 */
export interface Store {
  /** Makes it ready; must come before all else. */
  start(): Promise<void>

  /** The names of the channels that it holds. */
  channels(): Promise<string[]>

  /**
   * Opens a channel, new or known; each once.
   *
   * @param follow is called with each event that the channel gets from now on, in its order,
   *   once, before the `append` of it resolves
   * @throws {HubError} `STORE_FAILED` if what is stored of it cannot be read
   */
  open(
    name: string,
    options: StoredChannelOptions,
    follow: (entry: Entry) => void,
  ): Promise<StoredChannel>

  /** Completes what is under way and lets go of everything. */
  stop(): Promise<void>
}

export interface StoredChannelOptions {
  /** How many events the history keeps at most. */
  readonly cacheLength: number
  /** Whether an event without an id is given one, and so is kept. */
  readonly assignIds: boolean
}

/** A channel as its store has it. */
export interface StoredChannel {
  /**
   * Gives an event its number and keeps it if it has an id; events that are appended one after
   * another are numbered in that order.
   *
   * @throws {HubError} `STORE_FAILED`: the store does not have it, and no subscriber has seen it
   */
  append(event: HubEvent): Promise<Entry>

  /** What the history holds after a sequence number; all of it after 0. */
  read(after: number): Promise<Snapshot>
}
