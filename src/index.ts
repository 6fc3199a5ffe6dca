export { GAP_EVENT, type Gap } from './channel/gap.js'
export type { Published } from './channels.js'
export {
  type AmqpPublished,
  AmqpPublisher,
  type AmqpPublisherOptions,
} from './client/amqp-publisher.js'
export type { TailEvent } from './client/follower.js'
export { fetchHistory } from './client/history.js'
export type { RequestOptions } from './client/http.js'
export { type NewEvent, publish } from './client/publish.js'
export { fetchStats, watchStats } from './client/stats.js'
export { type TailOptions, tail } from './client/tail.js'
export type { CacheAdapter, ChannelConfig, Config } from './config/config.js'
export { ConfigError } from './config/fault.js'
export { type LoadedConfig, type LoadOptions, loadConfig } from './config/load.js'
export { type Resolved, type ResolveOptions, resolveConfig } from './config/resolve.js'
export { type ErrorCode, HubError } from './errors.js'
export type { HubEvent } from './event/event.js'
export { parseEvent } from './event/parse.js'
export type { DumpedEvent, HistoryDump } from './history-dump.js'
export { createHub, type Hub, type HubOptions } from './hub.js'
export type { AmqpStats } from './input/amqp-input.js'
export type { ChannelStats, Stats } from './stats.js'
