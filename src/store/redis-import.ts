import { encodeEvent } from '../event/encode.js'
import { newEpoch } from './epoch.js'
import { originalEvents } from './original-history.js'
import type { RedisContext } from './redis-context.js'
import { encodeEventText } from './redis-entry.js'
import { type ChannelKeys, importedKey } from './redis-keys.js'
import { IMPORT } from './redis-scripts.js'

/**
 * Takes over what an original hub left of a channel, once, if Redis knows nothing else of it.
 * [ssehub]
 *
 * @param limits how much is kept, as the scripts take it, `cacheLength` first
 */
export async function importOriginal(
  name: string,
  { meta, original, all }: ChannelKeys,
  limits: readonly number[],
  { connection, prefix, expire, now, inform }: RedisContext,
): Promise<void> {
  if (await connection.call('EXISTS', meta)) return
  if ((await connection.call('TYPE', original)) !== 'hash') return
  if (await connection.call('SISMEMBER', importedKey(prefix), name)) return
  const hash = await connection.call('HGETALL', original)
  const [cacheLength = 0] = limits
  const events = originalEvents(toRecord(hash)).slice(-cacheLength)
  if (cacheLength === 0 || events.length === 0) return
  const count = await connection.run(IMPORT, all, [
    newEpoch(),
    now(),
    ...limits,
    expire * 1000,
    ...events.flatMap((event) => [
      event.id ?? '',
      encodeEvent(event).length,
      encodeEventText(event),
    ]),
  ])
  await connection.call('SADD', importedKey(prefix), name)
  if (count) inform(`channel ${name}: took over ${count} events of the original hub`)
}

/** A hash, whether it came as pairs or as an object. */
function toRecord(reply: unknown): Record<string, string> {
  if (!Array.isArray(reply)) return reply as Record<string, string>
  return Object.fromEntries(reply.flatMap((key, at) => (at % 2 ? [] : [[key, reply[at + 1]]])))
}
