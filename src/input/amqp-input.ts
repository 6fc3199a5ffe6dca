import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type RecoveringChannelModel } from 'amqplib'
import type { Logger } from 'pino'
import { brokerUrl, connectOptions, socketOptions } from '../amqp/connection.js'
import { brokerError } from '../amqp/failure.js'
import { backoff } from '../backoff.js'
import { type AmqpAddress, parseAmqpUrl } from '../config/amqp-url.js'
import type { Config } from '../config/config.js'
import { HubError, messageOf } from '../errors.js'
import { AmqpConsumer } from './amqp-consumer.js'
import { AmqpQueue } from './amqp-queue.js'
import { Intake, type IntakeOptions } from './intake.js'

/** Ms in which a broker has to answer when it is connected to. */
const CONNECT_TIMEOUT = 10_000

/** Ms that it may take to stop. */
const GRACE = 1500

export interface AmqpInputOptions extends IntakeOptions {
  readonly config: Config['amqp']
  /** What this hub is called at the broker; its own lasting queue too, unless that has a name. */
  readonly name: string
}

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

/**
 * Takes events from a RabbitMQ. A broker that is away, or that refuses, is tried again until it
 * is there: connections are recovered by amqplib, all that happens on one is seen to here.
 */
export class AmqpInput {
  readonly #config: Config['amqp']
  readonly #name: string
  readonly #logger: Logger
  readonly #random: () => number
  readonly #address: AmqpAddress
  readonly #ca: Buffer | undefined
  readonly #queue: AmqpQueue
  readonly #intake: Intake
  readonly #stopping = new AbortController()
  readonly #cutOff = new AbortController()
  #connection: RecoveringChannelModel | undefined
  #consumer: AmqpConsumer | undefined
  #running: Promise<void> | undefined
  #told = ''

  /** @throws {HubError} `INVALID_CONFIG` if the file of `amqp.ca` cannot be read */
  constructor(options: AmqpInputOptions) {
    const { config, name, logger, random } = options
    this.#config = config
    this.#name = name
    this.#logger = logger
    this.#random = random
    this.#address = addressOf(config)
    this.#ca = config.ca === undefined ? undefined : readCertificates(config.ca)
    this.#queue = new AmqpQueue(config, name)
    this.#intake = new Intake(options)
  }

  /** Begins to take events, as soon as there is a broker; does not wait for that. */
  async start(): Promise<void> {
    const connection = await connect(
      connectOptions(this.#address, this.#config.heartbeatInterval),
      {
        ...socketOptions(this.#cutOff.signal, {
          timeout: CONNECT_TIMEOUT,
          clientProperties: { connection_name: this.#name },
          ...(this.#ca && { ca: this.#ca }),
        }),
        recovery: {
          waitForConnect: false,
          calculateDelay: (attempt) => backoff(attempt - 1, { random: this.#random }),
        },
      },
    )
    connection.on('connect-failed', (error) => this.#tell(`${this.#explain(error)}; trying again`))
    connection.on('disconnect', (error) =>
      this.#tell(`lost the broker at ${brokerUrl(this.#address)}: ${messageOf(error)}`),
    )
    connection.on('error', () => {}) // a disconnect follows
    connection.on('blocked', (reason) => this.#tell(`the broker takes no messages: ${reason}`))
    connection.on('unblocked', () => this.#logger.info('the broker takes messages again'))
    this.#connection = connection
    this.#running = this.#run(connection)
  }

  /**
   * Takes no more, finishes what is under way, and tells the broker. What has not ended in time
   * is cut off; the broker delivers it again, if its queue lasts.
   */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const late = wait(GRACE, undefined, { ref: false, signal: this.#cutOff.signal }).catch(() => {})
    await Promise.race([this.#finish(), late])
    this.#connection?.close().catch(() => {}) // or else it would come back
    this.#cutOff.abort()
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
  async #run(connection: RecoveringChannelModel): Promise<void> {
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const consumer = await this.#consume(connection)
        failures = 0
        if (!consumer.ended.aborted) await once(consumer.ended, 'abort')
        if (consumer.failure) throw consumer.failure
      } catch (error) {
        this.#tell(`${this.#explain(error)}; trying again`)
      }
      this.#consumer = undefined
      const pause = backoff(failures, { random: this.#random })
      await wait(pause, undefined, { signal }).catch(() => {}) // then it is over
    }
  }

  async #consume(connection: RecoveringChannelModel): Promise<AmqpConsumer> {
    const consumer = await AmqpConsumer.start(
      connection,
      this.#queue,
      this.#config.prefetch,
      (message, from) => this.#intake.take(message, from),
    )
    this.#consumer = consumer
    this.#told = ''
    const { queue } = consumer
    this.#logger.info({ queue }, `taking events from RabbitMQ at ${brokerUrl(this.#address)}`)
    return consumer
  }

  async #finish(): Promise<void> {
    try {
      await this.#consumer?.cancel()
      await this.#intake.settled()
      await this.#consumer?.close()
    } catch {
      // The connection has gone meanwhile: the broker delivers again what it has no answer to.
    }
    await this.#connection?.close()
    await this.#running
  }

  #explain(error: unknown): string {
    return error instanceof HubError ? error.message : brokerError(error, this.#address).message
  }

  /** Warns of something, once while it lasts. */
  #tell(message: string): void {
    if (message === this.#told || this.#stopping.signal.aborted) return
    this.#told = message
    this.#logger.warn(message)
  }
}

function addressOf({ url, host, port, user, password, vhost, tls }: Config['amqp']): AmqpAddress {
  const address = url === undefined ? { host, port, user, password, vhost } : parseAmqpUrl(url)
  if (!address) throw new HubError('INVALID_CONFIG', 'amqp.url: it is not the URL of a broker')
  return { tls, ...address, ...(tls && { tls }) }
}

function readCertificates(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new HubError('INVALID_CONFIG', `amqp.ca: cannot read ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
