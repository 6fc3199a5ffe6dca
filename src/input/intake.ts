import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { backoff } from '../backoff.js'
import type { Channels } from '../channels.js'
import { HubError, messageOf } from '../errors.js'
import { BurstLog } from '../limits/burst-log.js'
import type { Delivered } from './amqp-consumer.js'
import { type AmqpMessage, readMessage } from './amqp-message.js'
import { Lanes } from './lanes.js'

/** Ms that a message waits at most until it is tried again to append it. */
const MAX_PAUSE = 5000

export interface IntakeOptions {
  /** Where events go. */
  readonly channels: Pick<Channels, 'admit' | 'publish'>
  /** Bytes that a message may have. */
  readonly maxEventBytes?: number
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
  readonly #log: BurstLog
  readonly #lanes = new Lanes()
  #isEnding = false

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#log = new BurstLog(options.logger)
  }

  /** Takes a message, and answers the broker in time; at its end it leaves that to others. */
  take(delivered: Delivered): void {
    if (this.#isEnding) return
    this.counters.received += 1
    let channel: string | undefined
    try {
      const message = readMessage(delivered.message, this.#options.maxEventBytes)
      channel = message.channel
      this.#options.channels.admit(channel)
      this.#lanes.run(channel, () => this.#bring(message, delivered))
    } catch (error) {
      this.#reject(delivered, channel, error)
    }
  }

  /** Takes no more; resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#lanes.settled()
  }

  /** Appends an event, however long it takes, but no longer than its message can be acked. */
  async #bring(message: AmqpMessage, delivered: Delivered): Promise<void> {
    const { ended } = delivered
    for (let failures = 0; !ended.aborted; failures += 1) {
      try {
        await this.#append(message, failures > 0)
        delivered.ack()
        return
      } catch (error) {
        if (!isPassing(error)) {
          this.#reject(delivered, message.channel, error)
          return
        }
        if (failures === 0) this.#warn('an event is tried again', delivered, message.channel, error)
        const pause = backoff(failures, { max: MAX_PAUSE, random: this.#options.random })
        await wait(pause, undefined, { signal: ended }).catch(() => {}) // then it is over
      }
    }
  }

  /** @param isRepeat whether the store may have it, though it said that it has not */
  async #append({ channel, event, delivery }: AmqpMessage, isRepeat: boolean): Promise<void> {
    const known = isRepeat && delivery ? { ...delivery, isRepeat } : delivery
    const published = await this.#options.channels.publish(channel, event, known)
    if (published) this.counters.published += 1
    else this.counters.repeated += 1
  }

  #reject(delivered: Delivered, channel: string | undefined, error: unknown): void {
    this.counters.rejected += 1
    this.#warn('a message was rejected', delivered, channel, error)
    delivered.reject()
  }

  #warn(text: string, { message }: Delivered, channel: string | undefined, error: unknown): void {
    const { exchange, routingKey } = message.fields
    const { messageId } = message.properties
    const details = { reason: messageOf(error), channel, exchange, routingKey, messageId }
    this.#log.tell('warn', text, {}, details)
  }
}

/** Whether the store may take it later. */
function isPassing(error: unknown): error is HubError {
  return (
    error instanceof HubError &&
    (error.code === 'STORE_FAILED' || error.code === 'STORE_UNAVAILABLE')
  )
}
