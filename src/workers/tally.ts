import type { Channel } from '../channel/channel.js'
import { type Counters, noCounters } from '../channel/counters.js'
import { noRequests, type ServerCounters } from '../counts.js'

/** What a worker counts of a channel; its events are counted where they are appended. */
export type ChannelCounts = Omit<Counters, 'events'>

/** What a worker has counted since its last tally. */
export interface Tally {
  readonly server: ServerCounters
  readonly channels: readonly (readonly [name: string, counts: ChannelCounts])[]
}

/** Takes a worker's counters down, so that its primary is told what has come to them. */
export class Counter {
  readonly #server: ServerCounters
  #toldServer = noRequests()
  readonly #told = new WeakMap<Channel, ChannelCounts>()

  /** @param server what it counts that belongs to no channel */
  constructor(server: ServerCounters) {
    this.#server = server
  }

  /** What has come since the last time, of the server and of these channels; undefined if nothing. */
  take(channels: Iterable<Channel>): Tally | undefined {
    const server = minus(this.#server, this.#toldServer)
    this.#toldServer = { ...this.#server }
    const counted = [...channels].flatMap((channel) => this.#take(channel))
    return counted.length > 0 || isAny(server) ? { server, channels: counted } : undefined
  }

  #take(channel: Channel): [string, ChannelCounts][] {
    const { events: _, ...counts } = channel.counters
    const news = minus(counts, this.#told.get(channel) ?? noCounts())
    if (!isAny(news)) return []
    this.#told.set(channel, counts)
    return [[channel.name, news]]
  }
}

/** Nothing is counted yet. */
export function noCounts(): ChannelCounts {
  const { events: _, ...counts } = noCounters()
  return counts
}

function isAny(counts: object): boolean {
  return Object.values(counts).some((count) => count !== 0)
}

function minus<T extends object>(counts: T, others: T): T {
  const left = Object.entries(counts).map(([name, count]) => [
    name,
    count - (others[name as keyof T] as number),
  ])
  return Object.fromEntries(left)
}
