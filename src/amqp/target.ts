import { checkChannelName, invalidChannel } from '../channel/name.js'

/**
 * Checks the name of a channel that a message is for: what no POST can reach, no message can.
 *
 * @throws {HubError} `INVALID_CHANNEL`
 */
export function checkTarget(channel: string): void {
  checkChannelName(channel)
  if (channel === 'stats') throw invalidChannel("it is the address of the hub's figures")
}
