import type { Published } from '../channels.js'
import type { RequestOptions } from '../client/http.js'
import { publish } from '../client/publish.js'
import { counted } from '../plural.js'

/** Where the command publishes to: a hub, or a broker. */
export interface Publishing {
  /** How many events may be under way at once. */
  readonly window: number
  /** @param event its JSON */
  publish(event: string): Promise<Taken>
  close(): Promise<void>
}

/** What became of an event. */
export interface Taken {
  /** For programs. */
  readonly value: object
  /** For people. */
  readonly summary: string
}

/** Events that a broker is sent before it has confirmed the first of them. */
const WINDOW = 256

/** @param url where the hub is */
export function toHub(url: string, channel: string, options: RequestOptions): Publishing {
  return {
    window: 1,
    publish: async (event) => {
      const value = await publish(url, channel, event, options)
      return { value, summary: hubSummary(value) }
    },
    close: async () => {},
  }
}

/** @param url where the broker is */
export async function toBroker(
  url: string,
  channel: string,
  target: { exchange: string | undefined; routingKey: string | undefined },
): Promise<Publishing> {
  // Loaded only here: what talks to hubs starts without it.
  const { AmqpPublisher } = await import('../client/amqp-publisher.js')
  const publisher = await AmqpPublisher.connect(url, target)
  return {
    window: WINDOW,
    publish: async (event) => {
      const value = await publisher.publish(channel, event)
      const { id, exchange } = value
      const summary = `published to ${channel}: ${idName(id)}, confirmed by the broker, exchange ${exchange}`
      return { value, summary }
    },
    close: () => publisher.close(),
  }
}

function hubSummary({ channel, id, sequence, subscribers }: Published): string {
  return `published to ${channel}: ${idName(id)}, sequence ${sequence}, ${counted(subscribers, 'subscriber')}`
}

function idName(id: string | null): string {
  return id === null ? 'no id' : `id ${id}`
}
