export type { Action, Claims } from './access/grants.js'
export { type Inspection, inspectToken } from './access/inspect.js'
export type { Algorithm } from './access/key.js'
export { type Minted, type MintOptions, mintToken } from './access/mint.js'
export { END_EVENT, type End } from './channel/end.js'
export { GAP_EVENT, type Gap, type GapReason } from './channel/gap.js'
export type { Published } from './channels.js'
export {
  type AmqpPublished,
  AmqpPublisher,
  type AmqpPublisherOptions,
} from './client/amqp-publisher.js'
export type { FollowerOptions, TailEvent } from './client/follower.js'
export { fetchHistory } from './client/history.js'
export type { RequestOptions } from './client/http.js'
export { publish } from './client/publish.js'
export { fetchStats, type StatsOptions, watchStats } from './client/stats.js'
export { type TailOptions, tail } from './client/tail.js'
export type {
  AuthConfig,
  CacheAdapter,
  ChannelConfig,
  Config,
  Rule,
  TlsConfig,
} from './config/config.js'
export type { Override } from './config/environment.js'
export { ConfigError, type Fault } from './config/fault.js'
export { type LoadedConfig, type LoadOptions, loadConfig } from './config/load.js'
export { type Resolved, type ResolveOptions, resolveConfig } from './config/resolve.js'
export { type ErrorCode, HubError } from './errors.js'
export type { HubEvent } from './event/event.js'
export type { NewEvent } from './event/new-event.js'
export { parseEvent } from './event/parse.js'
export type { GroupStats, HubStats } from './group-stats.js'
export type { DumpedEvent, HistoryDump } from './history-dump.js'
export { createHub, type Hub, type HubOptions } from './hub.js'
export type { AmqpStats } from './input/amqp-input.js'
export type { ChannelStats, Stats } from './stats.js'
