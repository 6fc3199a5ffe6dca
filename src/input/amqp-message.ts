import { createHash } from 'node:crypto'
import type { ConsumeMessage } from 'amqplib'
import { checkTarget } from '../amqp/target.js'
import { invalidChannel } from '../channel/name.js'
import type { HubEvent } from '../event/event.js'
import { checkEventSize, parseAddressedEvent } from '../event/parse.js'
import type { Delivery } from '../store/store.js'

/** What a message is: an event for a channel. */
export interface AmqpMessage {
  readonly channel: string
  readonly event: HubEvent
  /** What it is known by when it is delivered again; undefined if it cannot be told. */
  readonly delivery: Delivery | undefined
}

/**
 * Reads a message. Its body is an event's JSON, whose `path` names the channel; where it has
 * none, the routing key does. [ssehub]
 *
 * @param maxBytes what its body may have
 * @throws {HubError} `INVALID_EVENT`, `INVALID_CHANNEL`
 */
export function readMessage(message: ConsumeMessage, maxBytes?: number): AmqpMessage {
  const { content } = message
  checkEventSize(content.length, maxBytes)
  const { event, path } = parseAddressedEvent(content)
  const channel = channelOf(path, message.fields.routingKey)
  return { channel, event, delivery: deliveryOf(message, channel, event) }
}

function channelOf(path: unknown, routingKey: string): string {
  const channel = path ?? routingKey
  if (typeof channel !== 'string') throw invalidChannel('"path" must be text')
  if (path === undefined && channel === '') {
    throw invalidChannel('the event has no "path", and its message no routing key')
  }
  // What the client makes of bytes that are not UTF-8.
  if (path === undefined && channel.includes('\ufffd')) {
    throw invalidChannel('the routing key is not valid UTF-8')
  }
  checkTarget(channel)
  return channel
}

/** Publishers name a message for good; without that, the broker's word is all there is. */
function deliveryOf(
  { content, fields, properties }: ConsumeMessage,
  channel: string,
  event: HubEvent,
): Delivery | undefined {
  const messageId: unknown = properties.messageId
  if (typeof messageId === 'string' && messageId !== '') {
    return { key: `m:${bounded(messageId)}`, isRepeat: true }
  }
  if (event.id === undefined) return undefined
  const key = createHash('sha256').update(channel).update('\0').update(content)
  return { key: `c:${key.digest('base64url')}`, isRepeat: fields.redelivered }
}

const MAX_KEY_LENGTH = 64

function bounded(id: string): string {
  if (id.length <= MAX_KEY_LENGTH) return id
  return `#${createHash('sha256').update(id).digest('base64url')}`
}
