import type { Config } from './config/config.js'
import { loadConfig } from './config/load.js'
import { codeOf, HubError } from './errors.js'
import { dumpHistory, type HistoryDump } from './history-dump.js'
import { LevelStore } from './store/leveldb.js'
import { RedisStore } from './store/redis.js'

interface OfflineOptions {
  readonly channel: string
  /** The configuration file; by default the one that comes with the package. */
  readonly file?: string | undefined
  readonly env?: NodeJS.ProcessEnv
  /** Told of what is damaged on disk, and left out. */
  readonly report?: (message: string) => void
}

/**
 * Reads a channel's history from its store: from Redis at any time, from a database on disk while
 * no hub has that open.
 *
 * @throws {HubError} `STORE_LOCKED` while a hub runs, `STORE_FAILED` if there is no database,
 *   `STORE_UNAVAILABLE`, `UNKNOWN_CHANNEL` if it holds no such channel, `INVALID_CONFIG`
 */
export async function readStoredHistory({
  channel,
  file,
  env = process.env,
  report = () => {},
}: OfflineOptions): Promise<HistoryDump> {
  const { config } = loadConfig({ file, env })
  const options = config.channels.get(channel) ?? config.channelDefaults
  const { store, place } = storeOf(channel, options.cacheAdapter, config, report)
  try {
    await store.start().catch((error: unknown) => {
      throw codeOf(error) === 'STORE_LOCKED' ? lockedBy(place, error) : error
    })
    if (!(await store.channels()).includes(channel)) {
      throw new HubError('UNKNOWN_CHANNEL', `there is nothing of channel ${channel} in ${place}`)
    }
    const snapshot = await store.read(channel, options)
    return dumpHistory(channel, snapshot, snapshot.entries)
  } finally {
    await store.stop()
  }
}

function lockedBy(place: string, cause: unknown): HubError {
  const message = `${place} is in use by a hub; ask that, without --offline, or stop it first`
  return new HubError('STORE_LOCKED', message, { cause })
}

function storeOf(
  channel: string,
  adapter: string,
  config: Config,
  report: (message: string) => void,
): { readonly store: LevelStore | RedisStore; readonly place: string } {
  if (adapter === 'leveldb') {
    const store = new LevelStore({ ...config.leveldb, create: false, report })
    return { store, place: store.folder }
  }
  if (adapter === 'redis') {
    const store = new RedisStore(config.redis)
    return { store, place: store.place }
  }
  throw new HubError(
    'UNKNOWN_CHANNEL',
    `channel ${channel} is kept in the memory of its hub; ask that, without --offline`,
  )
}
