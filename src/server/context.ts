import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { AccessList } from '../access/access-list.js'
import type { Authority } from '../access/authority.js'
import type { Activity } from '../activity.js'
import type { Channels } from '../channels.js'
import type { Config } from '../config/config.js'
import type { ServerCounters } from '../counts.js'
import type { GroupStats } from '../group-stats.js'
import type { BurstLog } from '../limits/burst-log.js'
import type { LimitLog } from '../limits/limit-log.js'
import type { PendingBytes } from '../limits/pending-bytes.js'
import type { PublishRates } from '../limits/publish-rates.js'
import type { Stats } from '../stats.js'
import type { Connections } from './connections.js'
import type { Policies } from './policy.js'

/** What the routes work on. */
export interface ServerContext {
  readonly config: Config
  readonly channels: Channels
  readonly policies: Policies
  readonly authority: Authority
  /** The proxies that are believed whom they speak for; see `clientAddress`. */
  readonly trustedProxies: AccessList
  readonly logger: Logger
  readonly counters: ServerCounters
  readonly connections: Connections
  readonly limitLog: LimitLog
  /** Says who is refused, or sent away, and what failed. */
  readonly burstLog: BurstLog
  /** How often who may publish; undefined for a worker, whose primary sees to it. */
  readonly rates: PublishRates | undefined
  /** What readers who do not read hold in memory. */
  readonly pending: PendingBytes
  /** The sockets that are HTTP's no more: they become streams, or carry what is no HTTP. */
  readonly taken: WeakSet<Socket>
  /** What is open past HTTP: sockets of streams and of publishers, and streams of HTTP/2. */
  readonly streams: Activity<Duplex>
  /** Publish requests under way. */
  readonly publishes: Activity<object>
  /** The hub's figures. */
  readonly stats: () => Promise<Stats>
  /** Those of all hubs that share its Redis. */
  readonly groupStats: () => Promise<GroupStats>
  /** Ms that a client is to wait before it reconnects to a hub that sends it away. */
  readonly retry: () => number
  /** Whether the hub is stopping: no event is taken any more, and no stream stays open. */
  readonly isStopping: () => boolean
}
