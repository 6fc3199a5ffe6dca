import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { backoff } from '../backoff.js'
import { within } from '../within.js'
import { AmqpConnection, type AmqpConnectionOptions } from './amqp-connection.js'
import { AmqpConsumer, type AmqpConsumerOptions } from './amqp-consumer.js'
import { AmqpQueue } from './amqp-queue.js'
import { Intake, type IntakeOptions } from './intake.js'
import { Notices } from './notices.js'

/** Ms that it may take to stop. */
const GRACE = 1500

/** The figures of the input, as `GET /stats` answers them; counts since the hub started. */
export interface AmqpStats {
  /** Whether events are being taken now. */
  readonly connected: boolean
  /** The name of the queue that they are taken from; null while there is none. */
  readonly queue: string | null
  /** Messages that were delivered, some perhaps more than once. */
  readonly received: number
  /** Events that went into their channels. */
  readonly published: number
  /** Messages whose channel had the event already. */
  readonly repeated: number
  /** Messages that no event could be made of; the dead-letter exchange has them, if there is one. */
  readonly rejected: number
}

type AmqpInputOptions = AmqpConnectionOptions &
  IntakeOptions &
  Pick<AmqpConsumerOptions, 'bindInterval'>

/**
 * Takes events from a RabbitMQ. A broker that is away or refuses is tried again until it is there:
 * amqplib makes connections again, all that happens on one is seen to here.
 */
export class AmqpInput {
  readonly #options: AmqpInputOptions
  readonly #notices: Notices
  readonly #connection: AmqpConnection
  readonly #queue: AmqpQueue
  readonly #intake: Intake
  readonly #stopping = new AbortController()
  #consumer: AmqpConsumer | undefined
  #running: Promise<void> | undefined

  /**
   * @param options `name` is also what a lasting queue of this hub alone is called, where the
   *   configuration does not say
   * @throws {HubError} `INVALID_CONFIG` if a file that the configuration names cannot be read
   */
  constructor(options: AmqpInputOptions) {
    this.#options = options
    this.#notices = new Notices(options.logger)
    this.#connection = new AmqpConnection(options, this.#notices)
    this.#queue = new AmqpQueue(options.config, options.name)
    this.#intake = new Intake(options)
  }

  /** Begins to take events, as soon as there is a broker; does not wait for that. */
  async start(): Promise<void> {
    await this.#connection.open()
    this.#running = this.#run()
  }

  /**
   * Takes no more, finishes what is under way, and tells the broker. What has not ended in time
   * is cut off; the broker delivers it again, if its queue lasts.
   */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#notices.end()
    await within(GRACE, this.#finish())
    this.#connection.giveUp()
  }

  stats(): AmqpStats {
    const consumer = this.#consumer
    return {
      connected: consumer !== undefined,
      queue: consumer?.queue ?? null,
      ...this.#intake.counters,
    }
  }

  /** Keeps a consumer going until it is stopped. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { random } = this.#options
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const consumer = await this.#consume()
        failures = 0
        if (!consumer.ended.aborted) await once(consumer.ended, 'abort')
        if (consumer.failure) throw consumer.failure
      } catch (error) {
        this.#notices.warn(`${this.#connection.explain(error)}; trying again`)
      }
      this.#consumer = undefined
      await wait(backoff(failures, { random }), undefined, { signal }).catch(() => {}) // it is over
    }
  }

  async #consume(): Promise<AmqpConsumer> {
    const { config, bindInterval } = this.#options
    const consumer = await AmqpConsumer.start(
      this.#connection,
      this.#queue,
      { prefetch: config.prefetch, bindInterval },
      (delivered) => this.#intake.take(delivered),
    )
    this.#consumer = consumer
    this.#notices.info(`taking events from the queue ${consumer.queue} of ${this.#connection.url}`)
    return consumer
  }

  /**
   * The consumer is not cancelled first: the broker would give the next messages to another hub,
   * which could append them before what is under way here.
   */
  async #finish(): Promise<void> {
    try {
      await this.#intake.end()
      await this.#consumer?.close()
    } catch {
      // The connection has gone meanwhile: the broker delivers again what it has no answer to.
    }
    await this.#connection.close()
    await this.#running
  }
}
