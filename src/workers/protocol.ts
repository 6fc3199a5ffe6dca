import type { LevelWithSilent } from 'pino'
import type { CacheAdapter, Config } from '../config/config.js'
import type { Entry, KeptEntry, Snapshot } from '../event/entry.js'
import type { HubEvent } from '../event/event.js'
import type { Failure } from '../failure.js'
import type { GroupStats } from '../group-stats.js'
import type { ConnectionLimit } from '../limits/connection-limits.js'
import type { Stats } from '../stats.js'
import type { Break, Delivery, Publisher, StoredChannelOptions } from '../store/store.js'
import type { Credentials } from '../tls/credentials.js'
import type { Tally } from './tally.js'

/** What a worker asks of its primary, and what that answers. */
export interface Calls {
  /** The channel's snapshot is sent before the answer, its events from then on. */
  open(adapter: CacheAdapter, name: string, options: StoredChannelOptions): void
  append(
    name: string,
    event: HubEvent,
    delivery: Delivery | undefined,
    publisher: Publisher | undefined,
  ): Appended | undefined
  read(name: string, after: number): Snapshot
  catchUp(name: string): void
  channels(adapter: CacheAdapter): string[]
  stats(): Stats
  groupStats(): GroupStats
  /** A connection comes; of undefined network is a proxy's. */
  enter(network: string | undefined): ConnectionLimit | undefined
  /** A client of a proxy comes. */
  enterClient(network: string): ConnectionLimit | undefined
}

export type CallName = keyof Calls

/** What became of an event that a worker appended; its bytes the worker can make itself. */
export interface Appended extends Omit<Entry, 'type' | 'frame'> {
  /** How many streams of its channel other workers have open. */
  readonly elsewhere: number
}

/** How many more connections, or less, there are of networks, and of clients behind proxies. */
export interface Moves {
  /** Under undefined those of proxies. */
  readonly networks: ReadonlyMap<string | undefined, number>
  readonly clients: ReadonlyMap<string, number>
}

/** What a worker is, told by its primary. */
export interface WorkerSettings {
  /** The worker's number, for its log. */
  readonly worker: number
  readonly config: Config
  readonly logLevel: LevelWithSilent
  /** Where the hub listens. */
  readonly url: string
  /** What it shows there; undefined for plain HTTP. */
  readonly credentials: Credentials | undefined
}

/**
 * What comes to a worker beside the link, mostly with a socket to take connections from: that it
 * may take them until it has so many.
 */
export interface Admission {
  readonly limit: number
}

/** What a snapshot says besides its entries. */
export type SnapshotHead = Omit<Snapshot, 'entries'>

/** From the primary to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly settings: WorkerSettings }
  /** A channel's snapshot comes: this, its entries in parts, and that it was all. */
  | {
      readonly kind: 'load'
      readonly channel: string
      readonly head: SnapshotHead
      readonly broken: Break | undefined
    }
  | { readonly kind: 'part'; readonly channel: string; readonly entries: readonly KeptEntry[] }
  | { readonly kind: 'loaded'; readonly channel: string }
  | { readonly kind: 'entry'; readonly channel: string; readonly entry: Entry }
  | { readonly kind: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly call: number; readonly failure: Failure }
  /** To be shown from now on. */
  | { readonly kind: 'credentials'; readonly credentials: Credentials }
  /** To be answered with a pong, and a tally before it. */
  | { readonly kind: 'ping' }
  /** No event is to be taken any more; when none is under way, the worker has settled. */
  | { readonly kind: 'settle' }
  /** All workers have settled: streams are to be ended. */
  | { readonly kind: 'end' }

/** From a worker to the primary. */
export type ToPrimary =
  | { readonly kind: 'up' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | {
      readonly kind: 'call'
      readonly call: number
      readonly name: CallName
      readonly args: readonly unknown[]
    }
  | { readonly kind: 'close'; readonly channel: string }
  /** Whether those who publish to a channel are to wait for this worker's subscribers. */
  | { readonly kind: 'backlog'; readonly channel: string; readonly isBacklogged: boolean }
  | { readonly kind: 'tally'; readonly tally: Tally }
  | { readonly kind: 'pong' }
  /** It takes connections, for the first time. */
  | { readonly kind: 'listening' }
  /** It takes none any more, for it has as many as it may have. */
  | { readonly kind: 'full' }
  | { readonly kind: 'moves'; readonly moves: Moves }
  | { readonly kind: 'settled' }
