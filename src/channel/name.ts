import { HubError } from '../errors.js'

const MAX_LENGTH = 128

/**
 * What is wrong with a channel's name, as in `invalid channel name: it is empty`; undefined if
 * nothing is. A name is 1 to 128 characters (code points) of well-formed Unicode, none a control
 * character, and does not begin with `-/`, under which the hub's own pages live.
 */
export function channelNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > 2 * MAX_LENGTH || [...name].length > MAX_LENGTH) {
    return `it is longer than ${MAX_LENGTH} characters`
  }
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

/** @param fault what is wrong with the name, as `channelNameFault` says it */
export function invalidChannel(fault: string, cause?: unknown): HubError {
  return new HubError('INVALID_CHANNEL', `invalid channel name: ${fault}`, { cause })
}
