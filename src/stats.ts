import type { Channel } from './channel/channel.js'
import type { Log } from './channel/log.js'
import type { Evictions } from './event/history.js'
import type { AmqpStats } from './input/amqp-input.js'

/** What the server counts that belongs to no channel. */
export interface ServerCounters {
  /** Connections that broke before a request was read. */
  routerReadErrors: number
  /** Requests that are not HTTP, or that were answered 400. */
  invalidRequests: number
  /** Requests with a head or a body that is too large. */
  oversizedRequests: number
  /** Of those, the ones with a head that is. */
  oversizedHeaders: number
  /** Of those, the ones with an event that is. */
  oversizedEvents: number
  /** Requests that took too long to arrive. */
  timedOutRequests: number
  /** Readers closed because all that had stalled held too many bytes. */
  cutReaders: number
  /** Readers and publishers for whom there was no room for another channel. */
  refusedChannels: number
  /** Events that came more often from one address, or with one token or key, than they may. */
  refusedRatePerIp: number
  refusedRatePerKey: number
  /** Connections that were kept out. */
  refusedConnections: number
  /** Of those, the ones of an address that had too many. */
  refusedConnectionsPerIp: number
  /** Requests for channels that cannot be called so. */
  refusedNames: number
}

/** No requests, for a start. */
export function noRequests(): ServerCounters {
  return {
    routerReadErrors: 0,
    invalidRequests: 0,
    oversizedRequests: 0,
    oversizedHeaders: 0,
    oversizedEvents: 0,
    timedOutRequests: 0,
    cutReaders: 0,
    refusedChannels: 0,
    refusedRatePerIp: 0,
    refusedRatePerKey: 0,
    refusedConnections: 0,
    refusedConnectionsPerIp: 0,
    refusedNames: 0,
  }
}

/** The hub's figures under the original's names; all are counts since it started. [ssehub] */
export interface Stats {
  readonly global: {
    /** Hours, minutes and seconds since the start: `HH:MM:SS`. */
    readonly uptime: string
    readonly clients: number
    readonly broadcasted_events: number
    readonly channel_connects: number
    readonly channel_disconnects: number
    readonly channel_client_errors: number
    readonly channel_gaps: number
    readonly channel_stalled_clients: number
    /** Events that left a history because of its bytes (`cacheBytes`). */
    readonly evicted_by_bytes: number
    /** Events that left a history because of their age (`cacheTtl`). */
    readonly evicted_by_age: number
    readonly router_read_errors: number
    readonly invalid_http_req: number
    readonly oversized_http_req: number
    readonly oversized_headers: number
    readonly oversized_events: number
    readonly timed_out_requests: number
    readonly cut_slow_clients: number
    /** Channels closed because nobody used them (`channelIdleTtl`). */
    readonly removed_idle_channels: number
    readonly refused_channels: number
    readonly refused_rate_per_ip: number
    readonly refused_rate_per_key: number
    readonly refused_connections: number
    readonly refused_connections_per_ip: number
    readonly refused_channel_names: number
    readonly channels: number
    /** Connections that are open, streams or not. */
    readonly connections: number
  }
  readonly channels: readonly ChannelStats[]
  /** There where events are taken from RabbitMQ. */
  readonly amqp?: AmqpStats
}

export interface ChannelStats {
  readonly id: string
  readonly clients: number
  readonly broadcasted_events: number
  /** Events in the history. */
  readonly cached_events: number
  /** Their bytes. */
  readonly cached_bytes: number
  /** Events that the history keeps at most. */
  readonly cache_size: number
  readonly total_connects: number
  readonly total_disconnects: number
  readonly client_errors: number
  /** Gap events sent. */
  readonly gaps: number
  /** Streams closed because their client did not read. */
  readonly stalled_clients: number
  readonly evicted_by_bytes: number
  readonly evicted_by_age: number
}

/** What is counted of a channel. */
export interface Counted {
  readonly name: string
  readonly log: Log
  readonly counters: Readonly<Channel['counters']>
  readonly evictions: Readonly<Evictions>
  readonly subscribers: number
}

/** What sums are made of. */
export type Counts = Pick<Counted, 'counters' | 'evictions' | 'subscribers'>

/** Where the figures come from. */
export interface Sources {
  /** The channels that are defined or have had an event. */
  readonly listed: Iterable<Counted>
  /** What was counted of these and of others. */
  readonly all: Iterable<Counts>
  readonly requests: ServerCounters
  /** How many connections are open. */
  readonly connections: number
  /** How many channels were closed because nobody used them. */
  readonly removedIdle: number
  /** Ms since the hub started. */
  readonly uptime: number
  readonly amqp: AmqpStats | undefined
}

/** The figures of a hub. */
export function statsOf({
  listed,
  all,
  requests,
  connections,
  removedIdle,
  uptime,
  amqp,
}: Sources): Stats {
  const channels = [...listed].map(channelStats)
  const counts = [...all]
  const sum = (name: keyof Channel['counters']) =>
    counts.reduce((sum, { counters }) => sum + counters[name], 0)
  return {
    global: {
      uptime: clockTime(uptime),
      clients: counts.reduce((sum, { subscribers }) => sum + subscribers, 0),
      broadcasted_events: sum('events'),
      channel_connects: sum('connects'),
      channel_disconnects: sum('disconnects'),
      channel_client_errors: sum('errors'),
      channel_gaps: sum('gaps'),
      channel_stalled_clients: sum('stalls'),
      evicted_by_bytes: counts.reduce((sum, { evictions }) => sum + evictions.bytes, 0),
      evicted_by_age: counts.reduce((sum, { evictions }) => sum + evictions.age, 0),
      router_read_errors: requests.routerReadErrors,
      invalid_http_req: requests.invalidRequests,
      oversized_http_req: requests.oversizedRequests,
      oversized_headers: requests.oversizedHeaders,
      oversized_events: requests.oversizedEvents,
      timed_out_requests: requests.timedOutRequests,
      cut_slow_clients: requests.cutReaders,
      removed_idle_channels: removedIdle,
      refused_channels: requests.refusedChannels,
      refused_rate_per_ip: requests.refusedRatePerIp,
      refused_rate_per_key: requests.refusedRatePerKey,
      refused_connections: requests.refusedConnections,
      refused_connections_per_ip: requests.refusedConnectionsPerIp,
      refused_channel_names: requests.refusedNames,
      channels: channels.length,
      connections,
    },
    channels,
    ...(amqp && { amqp }),
  }
}

function channelStats({ name, counters, evictions, log, subscribers }: Counted): ChannelStats {
  return {
    id: name,
    clients: subscribers,
    broadcasted_events: counters.events,
    cached_events: log.history.size,
    cached_bytes: log.history.bytes,
    cache_size: log.history.limits.cacheLength,
    total_connects: counters.connects,
    total_disconnects: counters.disconnects,
    client_errors: counters.errors,
    gaps: counters.gaps,
    stalled_clients: counters.stalls,
    evicted_by_bytes: evictions.bytes,
    evicted_by_age: evictions.age,
  }
}

function clockTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':')
}
