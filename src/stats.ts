import type { Counters } from './channel/counters.js'
import type { Counted, Counts, ServerCounters } from './counts.js'
import type { AmqpStats } from './input/amqp-input.js'
import { sum } from './sum.js'

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

/** The figures of a channel. */
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
  const count = (name: keyof Counters) => sum(counts.map(({ counters }) => counters[name]))
  return {
    global: {
      uptime: clockTime(uptime),
      clients: sum(counts.map(({ subscribers }) => subscribers)),
      broadcasted_events: count('events'),
      channel_connects: count('connects'),
      channel_disconnects: count('disconnects'),
      channel_client_errors: count('errors'),
      channel_gaps: count('gaps'),
      channel_stalled_clients: count('stalls'),
      evicted_by_bytes: sum(counts.map(({ evictions }) => evictions.bytes)),
      evicted_by_age: sum(counts.map(({ evictions }) => evictions.age)),
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
