import type { ChannelStats, Stats } from './stats.js'
import { sum } from './sum.js'

/** What one hub of a group tells of itself. */
export interface HubStats extends Stats {
  /** Its host and port. */
  readonly hub: string
  /** The names of those of its channels that are in Redis, and so the same for all hubs. */
  readonly shared: readonly string[]
}

/** Whether an answer of another hub, perhaps of another version, can be used. */
export function isHubStats(answer: unknown): answer is HubStats {
  if (typeof answer !== 'object' || answer === null) return false
  const { hub, shared, global, channels } = answer as Partial<HubStats>
  return typeof hub === 'string' && Boolean(global) && [shared, channels].every(Array.isArray)
}

/** The figures of all hubs that share a Redis, as if they were one. */
export interface GroupStats extends Stats {
  readonly hubs: readonly (Pick<HubStats, 'hub' | 'amqp'> & Stats['global'])[]
  /** How many hubs there are that did not answer; absent where that is not known. */
  readonly missing_hubs?: number
}

/**
 * Adds hubs' figures up. The events of a channel in Redis are the same for all hubs, and count
 * once.
 */
export function groupStats(hubs: readonly HubStats[], missing: number | undefined): GroupStats {
  const byName = new Map<string, ChannelStats>()
  const shared = new Set(hubs.flatMap((hub) => hub.shared))
  for (const stats of hubs.flatMap(({ channels }) => channels)) {
    const other = byName.get(stats.id)
    byName.set(stats.id, other ? together(other, stats, shared.has(stats.id)) : stats)
  }
  const channels = [...byName.values()]
  const globals = hubs.map(({ global }) => global)
  const sums = globals.reduce(added)
  return {
    global: {
      ...sums,
      uptime: globals.map(({ uptime }) => uptime).reduce(later),
      broadcasted_events: sum(channels.map((stats) => stats.broadcasted_events)),
      channels: channels.length,
    },
    channels,
    hubs: hubs.map(({ hub, global, amqp }) => ({ hub, ...global, ...(amqp && { amqp }) })),
    ...(missing !== undefined && { missing_hubs: missing }),
  }
}

function together(one: ChannelStats, other: ChannelStats, isShared: boolean): ChannelStats {
  const join = isShared ? Math.max : (a: number, b: number) => a + b
  return {
    ...added(one, other),
    broadcasted_events: join(one.broadcasted_events, other.broadcasted_events),
    cached_events: join(one.cached_events, other.cached_events),
    cached_bytes: join(one.cached_bytes, other.cached_bytes),
    evicted_by_bytes: join(one.evicted_by_bytes, other.evicted_by_bytes),
    evicted_by_age: join(one.evicted_by_age, other.evicted_by_age),
    cache_size: Math.max(one.cache_size, other.cache_size),
  }
}

/** The first, with the sums of both where they have numbers. */
function added<T extends object>(one: T, other: T): T {
  const sums = Object.entries(one).map(([name, value]) => {
    const more: unknown = other[name as keyof T]
    return [name, typeof value === 'number' && typeof more === 'number' ? value + more : value]
  })
  return Object.fromEntries(sums)
}

/** Of two times as `HH:MM:SS`, whose hours may have more digits. */
function later(one: string, other: string): string {
  return one.length > other.length || (one.length === other.length && one > other) ? one : other
}
