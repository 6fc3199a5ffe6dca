/** The type of the event that tells a subscriber in its stream why that ends. */
export const END_EVENT = 'ssehub.end'

/** Why a stream ends that its client did not end. */
export interface End {
  readonly channel: string
  readonly reason: 'token-expired'
}

/** It has no `id` line, so that it leaves the client's last id as it is. */
export function encodeEnd(end: End): Buffer {
  return Buffer.from(`event: ${END_EVENT}\ndata: ${JSON.stringify(end)}\n\n`)
}
