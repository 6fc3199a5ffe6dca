import { checkNameLength } from './channel/name.js'
import type { Config } from './config/config.js'
import { HubError } from './errors.js'

/** What the rules look at of a channel, whichever process has it. */
interface RuledChannel {
  readonly name: string
  readonly log: { readonly head: number }
}

/** Whether a channel is defined or has had an event: others are listed nowhere. */
export function isKnown({ name, log }: RuledChannel, { channels }: Config): boolean {
  return log.head > 0 || channels.has(name)
}

/** For how many ms a channel is kept that nobody reads. */
export function patienceFor({ name, log }: RuledChannel, { channels, server }: Config): number {
  if (channels.has(name)) return Number.POSITIVE_INFINITY
  if (log.head === 0) return 0
  return server.channelIdleTtl === 0 ? Number.POSITIVE_INFINITY : server.channelIdleTtl * 1000
}

/**
 * Sees to it that there can be a channel of that name.
 *
 * @throws {HubError} `UNKNOWN_CHANNEL` if only those that are defined are used, `INVALID_CHANNEL`
 *   if it is longer than those that are not may be
 */
export function admitName(name: string, { channels, server }: Config): void {
  if (channels.has(name)) return
  if (!server.allowUndefinedChannels) throw unknownChannel()
  checkNameLength(name, server.maxChannelNameLength)
}

/** What to tell of a channel that there is not. */
export function unknownChannel(): HubError {
  return new HubError('UNKNOWN_CHANNEL', 'Channel does not exist.')
}
