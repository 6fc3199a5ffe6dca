import type { Server } from 'node:net'
import type { Channel } from './channel/channel.js'
import type { Channels } from './channels.js'
import type { CacheAdapter } from './config/config.js'
import type { ServerCounters } from './counts.js'
import type { GroupStats } from './group-stats.js'
import type { Gate } from './server/connections.js'
import type { Stats } from './stats.js'
import type { Store } from './store/store.js'
import type { Credentials } from './tls/credentials.js'

/** What a hub that is a worker has from its primary, and not of its own. */
export interface Upstream {
  /** Who counts connections. */
  readonly gate: Gate
  readonly stores: ReadonlyMap<CacheAdapter, Store>
  readonly counters: ServerCounters
  /** Undefined for plain HTTP. */
  readonly credentials: Credentials | undefined
  /** Told that a channel's counters have changed. */
  count(channel: Channel): void
  /** The figures of the whole hub. */
  stats(): Promise<Stats>
  groupStats(): Promise<GroupStats>
  /**
   * Begins: the connections that the primary takes go to the server.
   *
   * @returns the URL at which it takes them
   */
  begin(server: Server, channels: Channels): string
  /** Tells that no publish is under way; resolves when that is so for all workers. */
  settled(): Promise<void>
  /** Resolves when all connections have closed, at the latest after `timeout` ms. */
  closed(timeout: number): Promise<void>
}
