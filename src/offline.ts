import { loadConfig } from './config/load.js'
import { HubError } from './errors.js'
import { dumpHistory, type HistoryDump } from './history-dump.js'
import { LevelStore } from './store/leveldb.js'
import { NOBODY } from './store/store.js'

interface OfflineOptions {
  readonly channel: string
  /** The configuration file; by default the one that comes with the package. */
  readonly file?: string | undefined
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Reads a channel's history from its store, while no hub has that open.
 *
 * @throws {HubError} `STORE_LOCKED` while a hub runs, `STORE_FAILED` if there is no database,
 *   `UNKNOWN_CHANNEL` if it holds no such channel, `INVALID_CONFIG`
 */
export async function readStoredHistory({
  channel,
  file,
  env = process.env,
}: OfflineOptions): Promise<HistoryDump> {
  const { config } = loadConfig({ file, env })
  const options = config.channels.get(channel) ?? config.channelDefaults
  if (options.cacheAdapter !== 'leveldb') {
    throw new HubError(
      'UNKNOWN_CHANNEL',
      `channel ${channel} is kept in ${options.cacheAdapter}, not on this machine's disk; ask the running hub, without --offline`,
    )
  }
  const store = new LevelStore({ ...config.leveldb, create: false })
  await store.start()
  try {
    if (!(await store.channels()).includes(channel)) {
      throw new HubError(
        'UNKNOWN_CHANNEL',
        `there is nothing of channel ${channel} in ${store.folder}`,
      )
    }
    const stored = await store.open(channel, options, NOBODY)
    const snapshot = await stored.read(0)
    return dumpHistory(channel, snapshot, snapshot.entries)
  } finally {
    await store.stop()
  }
}
