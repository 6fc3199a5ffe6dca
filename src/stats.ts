import type { Channel } from './channel/channel.js'
import type { Channels } from './channels.js'
import type { AmqpStats } from './input/amqp-input.js'

/** What the server counts that belongs to no channel. */
export interface ServerCounters {
  /** Connections that broke before a request was read. */
  routerReadErrors: number
  /** Requests that are not HTTP, or that were answered 400. */
  invalidRequests: number
  /** Requests with a head or a body that is too large. */
  oversizedRequests: number
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
    readonly router_read_errors: number
    readonly invalid_http_req: number
    readonly oversized_http_req: number
    readonly channels: number
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
  /** Events that the history keeps at most. */
  readonly cache_size: number
  readonly total_connects: number
  readonly total_disconnects: number
  readonly client_errors: number
  /** Gap events sent. */
  readonly gaps: number
  /** Streams closed because their client did not read. */
  readonly stalled_clients: number
}

/** @param uptime ms since the hub started */
export function statsOf(
  channels: Channels,
  counters: ServerCounters,
  uptime: number,
  amqp?: AmqpStats,
): Stats {
  const list = [...channels].map(channelStats)
  const all = [...channels.open()].map(channelStats)
  const sum = (of: (stats: ChannelStats) => number) => all.reduce((n, stats) => n + of(stats), 0)
  return {
    global: {
      uptime: clockTime(uptime),
      clients: sum((stats) => stats.clients),
      broadcasted_events: sum((stats) => stats.broadcasted_events),
      channel_connects: sum((stats) => stats.total_connects),
      channel_disconnects: sum((stats) => stats.total_disconnects),
      channel_client_errors: sum((stats) => stats.client_errors),
      channel_gaps: sum((stats) => stats.gaps),
      channel_stalled_clients: sum((stats) => stats.stalled_clients),
      router_read_errors: counters.routerReadErrors,
      invalid_http_req: counters.invalidRequests,
      oversized_http_req: counters.oversizedRequests,
      channels: list.length,
    },
    channels: list,
    ...(amqp && { amqp }),
  }
}

function channelStats({ name, counters, log, subscribers }: Channel): ChannelStats {
  return {
    id: name,
    clients: subscribers,
    broadcasted_events: counters.events,
    cached_events: log.history.size,
    cache_size: log.history.limit,
    total_connects: counters.connects,
    total_disconnects: counters.disconnects,
    client_errors: counters.errors,
    gaps: counters.gaps,
    stalled_clients: counters.stalls,
  }
}

function clockTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':')
}
