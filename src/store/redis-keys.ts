import { createHash } from 'node:crypto'

/** The names that a channel has in Redis. */
export interface ChannelKeys {
  /** What the scripts take: meta, stream, ids, order, departed, delivered, writers. */
  readonly all: readonly string[]
  readonly meta: string
  readonly stream: string
  /** The publish/subscribe channel on which its events are told. */
  readonly events: string
  /** The hash in which the original hub kept it. [ssehub] */
  readonly original: string
}

/**
 * The names of a channel's keys. What stands in the braces is all that a cluster looks at: it keeps
 * the keys of a channel together, and spreads channels evenly, whatever they are called.
 */
export function channelKeys(prefix: string, channel: string): ChannelKeys {
  const tag = createHash('sha1').update(channel).digest('hex').slice(0, 8)
  const key = (kind: string) => `${prefix}:{${tag}}:${kind}:${channel}`
  return {
    all: ['m', 's', 'i', 'o', 'd', 'k', 'w'].map(key),
    meta: key('m'),
    stream: key('s'),
    events: key('c'),
    original: `${prefix}_${channel}`,
  }
}

/** The set of the names of all channels. */
export function namesKey(prefix: string): string {
  return `${prefix}:channels`
}

/** The set of the names of those that were taken over from an original hub. */
export function importedKey(prefix: string): string {
  return `${prefix}:imported`
}
