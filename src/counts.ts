import type { Counters } from './channel/counters.js'
import type { Log } from './channel/log.js'
import type { Evictions } from './event/history.js'

/** What is counted of a channel. */
export interface Counted {
  readonly name: string
  readonly log: Log
  readonly counters: Readonly<Counters>
  readonly evictions: Readonly<Evictions>
  readonly subscribers: number
}

/** What sums are made of. */
export type Counts = Pick<Counted, 'counters' | 'evictions' | 'subscribers'>

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
