/**
 * Which event goes where: event `number` of a publisher goes to channel `(publisher + number)
 * modulo channels`. So all of a channel's events of one publisher are `channels` apart, and how
 * many a publisher has sent says how many each channel has.
 */
export function channelOf(publisher: number, number: number, channels: number): number {
  return (publisher + number) % channels
}

/** The first event that a publisher sends to a channel. */
export function firstNumber(publisher: number, channel: number, channels: number): number {
  return (((channel - publisher) % channels) + channels) % channels
}

/** The one that would come next on a channel, once a publisher has sent `sent` events in all. */
export function nextNumber(
  publisher: number,
  channel: number,
  channels: number,
  sent: number,
): number {
  const first = firstNumber(publisher, channel, channels)
  return first + Math.max(0, Math.ceil((sent - first) / channels)) * channels
}

/** Shares a count out, as evenly as can be. */
export function share(count: number, parts: number, part: number): number {
  return Math.floor(count / parts) + (part < count % parts ? 1 : 0)
}
