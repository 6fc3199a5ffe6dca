import type { Logger } from 'pino'
import type { CacheAdapter, Config } from '../config/config.js'
import { BurstLog } from '../limits/burst-log.js'
import { LevelStore } from './leveldb.js'
import { MemoryStore } from './memory.js'
import { RedisStore } from './redis.js'
import type { Store } from './store.js'

/** All that a configuration can name. */
export const CACHE_ADAPTERS: readonly CacheAdapter[] = ['memory', 'leveldb', 'redis']

export interface StoresOptions {
  readonly logger: Logger
  readonly now: () => number
  readonly random: () => number
  readonly probeInterval?: number | undefined
}

/** A store for each cache adapter that the configuration uses, not started. */
export function makeStores(
  { channels, channelDefaults, leveldb, redis }: Config,
  { logger, now, random, probeInterval }: StoresOptions,
): Map<CacheAdapter, Store> {
  const used = new Set([channelDefaults, ...channels.values()].map((c) => c.cacheAdapter))
  const stores = new Map<CacheAdapter, Store>()
  const log = new BurstLog(logger) // who publishes may bring it about
  const report = (message: string, cause?: unknown) =>
    log.tell('error', message, {}, { err: cause })
  if (used.has('memory')) stores.set('memory', new MemoryStore({ now }))
  if (used.has('leveldb')) stores.set('leveldb', new LevelStore({ ...leveldb, now, report }))
  if (used.has('redis')) {
    const inform = (message: string) => logger.info(message)
    stores.set('redis', new RedisStore(redis, { now, random, report, inform, probeInterval }))
  }
  return stores
}

/** Where histories outlive the process, as in `leveldb: FOLDER`. */
export function placesOf(stores: Iterable<Store>): string[] {
  const places: string[] = []
  for (const store of stores) {
    if (store instanceof LevelStore) places.push(`leveldb: ${store.folder}`)
    if (store instanceof RedisStore) places.push(`redis: ${store.place}`)
  }
  return places
}
