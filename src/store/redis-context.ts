import type { RedisConnection } from './redis-connection.js'

/** What all channels of a Redis have in common. */
export interface RedisContext {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly sharded: boolean
  /** How many recent events are held besides the history. */
  readonly window: number
  /** Seconds after its last event that a channel is forgotten; 0 is never. */
  readonly expire: number
  /** The time in ms. */
  readonly now: () => number
  readonly report: (message: string, cause?: unknown) => void
  readonly inform: (message: string) => void
}
