import { HubError } from '../errors.js'

/** Characters that a name may have, where `server.maxChannelNameLength` does not say less. */
const MAX_LENGTH = 128

/**
 * What is wrong with a channel's name, as in `invalid channel name: it is empty`; undefined if
 * nothing is. A name is 1 to 128 characters (code points) of well-formed Unicode, none a control
 * character, and does not begin with `-/`, under which the hub's own pages live.
 */
export function channelNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (isLonger(name, MAX_LENGTH)) return tooLong(MAX_LENGTH)
  if (/\p{Surrogate}/u.test(name)) return 'it is not well-formed Unicode'
  if (/\p{Cc}/u.test(name)) return 'it holds a control character'
  if (name.startsWith('-/')) return 'it begins with "-/"'
  return undefined
}

/** @throws {HubError} `INVALID_CHANNEL` if no channel can have that name */
export function checkChannelName(name: string): void {
  const fault = channelNameFault(name)
  if (fault) throw invalidChannel(fault)
}

/** @throws {HubError} `INVALID_CHANNEL` if a name has more characters than that */
export function checkNameLength(name: string, maxLength: number): void {
  if (isLonger(name, maxLength)) throw invalidChannel(tooLong(maxLength))
}

function isLonger(name: string, maxLength: number): boolean {
  return name.length > 2 * maxLength || (name.length > maxLength && [...name].length > maxLength)
}

function tooLong(maxLength: number): string {
  return `it is longer than ${maxLength} characters (server.maxChannelNameLength)`
}

/** @param fault what is wrong with the name, as `channelNameFault` says it */
export function invalidChannel(fault: string, cause?: unknown): HubError {
  return new HubError('INVALID_CHANNEL', `invalid channel name: ${fault}`, { cause })
}
