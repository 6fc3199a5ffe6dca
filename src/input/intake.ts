import { setTimeout as wait } from 'node:timers/promises'
import type { ConsumeMessage } from 'amqplib'
import type { Logger } from 'pino'
import { backoff } from '../backoff.js'
import type { Channels } from '../channels.js'
import { HubError, messageOf } from '../errors.js'
import type { AmqpConsumer } from './amqp-consumer.js'
import { type AmqpMessage, readMessage } from './amqp-message.js'
import { Lanes } from './lanes.js'

/** Ms that a message waits at most until it is tried again to append it. */
const MAX_PAUSE = 5000

export interface IntakeOptions {
  /** Where events go. */
  readonly channels: Pick<Channels, 'admit' | 'publish'>
  readonly logger: Logger
  /** A number from 0 up to 1. */
  readonly random: () => number
}

/**
 * Brings messages into their channels. A message is acked once its event is in the store; what
 * cannot be an event is rejected; what the store does not take now is tried again, and holds up
 * only its own channel, in which the order of delivery holds.
 */
export class Intake {
  /** Counts since the hub started. */
  readonly counters = { received: 0, published: 0, repeated: 0, rejected: 0 }
  readonly #options: IntakeOptions
  readonly #lanes = new Lanes()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Takes a message that a consumer was delivered, and answers the broker in time. */
  take(delivered: ConsumeMessage, consumer: AmqpConsumer): void {
    this.counters.received += 1
    let message: AmqpMessage
    try {
      message = readMessage(delivered)
      this.#options.channels.admit(message.channel)
    } catch (error) {
      this.#reject(delivered, consumer, error)
      return
    }
    this.#lanes.run(message.channel, () => this.#bring(message, delivered, consumer))
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#lanes.settled()
  }

  /** Appends an event, however long it takes; but no longer than its message can be acked. */
  async #bring(
    message: AmqpMessage,
    delivered: ConsumeMessage,
    consumer: AmqpConsumer,
  ): Promise<void> {
    const { ended } = consumer
    for (let failures = 0; !ended.aborted; failures += 1) {
      try {
        await this.#append(message, failures > 0)
        consumer.ack(delivered)
        return
      } catch (error) {
        if (!isPassing(error)) {
          this.#reject(delivered, consumer, error)
          return
        }
        if (failures === 0) this.#warn(delivered, `${error.message}; the event is tried again`)
        const pause = backoff(failures, { max: MAX_PAUSE, random: this.#options.random })
        await wait(pause, undefined, { signal: ended }).catch(() => {}) // then it is over
      }
    }
  }

  /** @param isRepeat whether the store may have it, though it said that it has not */
  async #append({ channel, event, delivery }: AmqpMessage, isRepeat: boolean): Promise<void> {
    const { channels } = this.#options
    const published = delivery
      ? await channels.publish(channel, event, isRepeat ? { ...delivery, isRepeat } : delivery)
      : await channels.publish(channel, event)
    if (published) this.counters.published += 1
    else this.counters.repeated += 1
  }

  #reject(delivered: ConsumeMessage, consumer: AmqpConsumer, error: unknown): void {
    this.counters.rejected += 1
    this.#warn(delivered, `a message was rejected: ${messageOf(error)}`)
    consumer.reject(delivered)
  }

  #warn({ fields, properties }: ConsumeMessage, message: string): void {
    const { exchange, routingKey } = fields
    const { messageId } = properties
    this.#options.logger.warn({ exchange, routingKey, messageId }, message)
  }
}

/** Whether the store may take it later. */
function isPassing(error: unknown): error is HubError {
  return (
    error instanceof HubError &&
    (error.code === 'STORE_FAILED' || error.code === 'STORE_UNAVAILABLE')
  )
}
