import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { brokerUrl, connectOptions, destroyConnection } from '../amqp/connection.js'
import { brokerError, refusal } from '../amqp/failure.js'
import { checkTarget } from '../amqp/target.js'
import { type AmqpAddress, parseAmqpUrl } from '../config/amqp-url.js'
import { HubError, reasonOf } from '../errors.js'
import { eventJson, type NewEvent } from '../event/new-event.js'
import { checkEventSize, parseEvent } from '../event/parse.js'
import { eventText } from './event-text.js'

/** Where at a broker events go, and how long it may take. */
export interface AmqpPublisherOptions {
  /** The exchange; `amq.fanout` unless said otherwise. */
  readonly exchange?: string | undefined
  /** The routing key; by default the channel's name. */
  readonly routingKey?: string | undefined
  /** Ms to wait for the connection, and for each confirm; 30,000 unless said otherwise. */
  readonly timeout?: number
}

/** An event that a broker has. */
export interface AmqpPublished {
  readonly channel: string
  readonly id: string | null
  readonly exchange: string
  readonly routingKey: string
}

/** What becomes of events that were sent, and of those that were not. */
interface Failure {
  readonly sent: HubError
  readonly unsent: HubError
}

const DEFAULT_EXCHANGE = 'amq.fanout'

const ANSWER_TIMEOUT = 30_000

/** Ms that a broker which has said that it takes no messages is given to take them after all. */
const BLOCKED_TIMEOUT = 5000

/** Ms that it may take to close. */
const CLOSE_TIMEOUT = 2000

/** Seconds between heartbeats. */
const HEARTBEAT = 30

/** What a name or a key may have at most, in bytes. [spec] */
const MAX_NAME_BYTES = 255

/** Publishes events through a RabbitMQ, to all hubs that take events from there. */
export class AmqpPublisher {
  readonly #address: AmqpAddress
  readonly #options: AmqpPublisherOptions
  readonly #connection: ChannelModel
  readonly #channel: ConfirmChannel
  readonly #closed: Promise<void>
  /** The message ids of what the broker has given back, until it confirms that. */
  readonly #returned = new Set<string>()
  /** Why it can publish no more. */
  #failure: Failure | undefined

  private constructor(
    address: AmqpAddress,
    options: AmqpPublisherOptions,
    connection: ChannelModel,
    channel: ConfirmChannel,
  ) {
    this.#address = address
    this.#options = options
    this.#connection = connection
    this.#channel = channel
    this.#closed = new Promise((resolve) => connection.once('close', () => resolve()))
    connection.on('error', (error) => this.#onLost(error))
    connection.on('blocked', (reason) => this.#onBlocked(reason))
    channel.on('error', (error) => this.#onLost(error))
    // Before the client itself, which then calls back for all that has no confirm.
    channel.prependListener('close', () => this.#onLost(new Error('it was closed')))
    channel.on('return', ({ properties }) => this.#returned.add(properties.messageId))
  }

  /**
   * Connects to a broker.
   *
   * @param url `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps://`
   * @throws {HubError} `BROKER_UNREACHABLE`, `BROKER_REFUSED`; `INVALID_CONFIG` for a bad URL
   */
  static async connect(url: string, options: AmqpPublisherOptions = {}): Promise<AmqpPublisher> {
    const address = parseAmqpUrl(url)
    if (!address) throw invalid('the URL of the broker must be like amqp://user:password@host:5672')
    checkName('the exchange', options.exchange ?? '')
    const { timeout = ANSWER_TIMEOUT } = options
    try {
      const connection = await connect(connectOptions(address, HEARTBEAT), {
        timeout,
        noDelay: true,
        clientProperties: { connection_name: 'ssehub publish' },
      })
      return new AmqpPublisher(address, options, connection, await openChannel(connection, timeout))
    } catch (error) {
      throw brokerError(error, address)
    }
  }

  /**
   * Publishes an event. Once this resolves, the broker has it for good, in every queue that is
   * bound for it. Events are published in the order of the calls; none need wait for another.
   *
   * @param event the event, or its JSON as text, in which a number keeps all its digits
   * @throws {HubError} `BROKER_REFUSED`, also if no queue is bound for it; `BROKER_UNREACHABLE`,
   *   which says whether it may have been published; `INVALID_EVENT`, `INVALID_CHANNEL`
   */
  async publish(channel: string, event: NewEvent | string): Promise<AmqpPublished> {
    const { exchange = DEFAULT_EXCHANGE, routingKey = channel } = this.#options
    checkTarget(channel)
    checkName('the routing key', routingKey)
    const text = typeof event === 'string' ? event : eventJson(event)
    const { id = null } = parseEvent(text)
    const body = Buffer.from(eventText(text, { path: channel }))
    checkEventSize(body.length)
    if (this.#failure) throw this.#failure.unsent
    await this.#send(exchange, routingKey, body)
    return { channel, id, exchange, routingKey }
  }

  /** Ends the connection; what has no confirm yet fails. */
  async close(): Promise<void> {
    // From here on the client itself would refuse an event, in words of its own.
    this.#failure ??= this.#lossBy(new Error('it was closed'))
    const limit = setTimeout(() => destroyConnection(this.#connection), CLOSE_TIMEOUT)
    this.#connection.close().catch(() => {}) // it was closed already
    await this.#closed
    clearTimeout(limit)
  }

  #send(exchange: string, routingKey: string, body: Buffer): Promise<void> {
    const { timeout = ANSWER_TIMEOUT } = this.#options
    const messageId = randomUUID()
    const properties = {
      messageId,
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
    }
    return new Promise((resolve, reject) => {
      const silent = new Error(`no confirm for ${timeout} ms`)
      const limit = setTimeout(() => this.#onLost(silent), timeout)
      this.#channel.publish(exchange, routingKey, body, properties, (error) => {
        clearTimeout(limit)
        if (error) {
          reject(
            this.#failure?.sent ?? this.#refused('a queue is full or has failed; try again later'),
          )
        } else if (this.#returned.delete(messageId)) {
          reject(this.#refused(unroutable(exchange, routingKey)))
        } else {
          resolve()
        }
      })
    })
  }

  #onBlocked(reason: string): void {
    const why = `it takes no messages now (${reason}); see to that, then try again`
    const sent = this.#refused(`${why}; the event may have been published by then`)
    const failure = { sent, unsent: this.#refused(why) }
    const limit = setTimeout(() => this.#fail(failure), BLOCKED_TIMEOUT)
    const end = () => clearTimeout(limit)
    this.#connection.once('unblocked', end).once('close', end)
  }

  #onLost(cause: unknown): void {
    this.#fail(this.#lossBy(cause))
  }

  #fail(failure: Failure): void {
    this.#failure ??= failure
    destroyConnection(this.#connection)
  }

  #refused(reason: string): HubError {
    return new HubError(
      'BROKER_REFUSED',
      `the broker at ${brokerUrl(this.#address)} refused: ${reason}`,
    )
  }

  #lossBy(cause: unknown): Failure {
    return { sent: this.#lost(cause, 'may have been'), unsent: this.#lost(cause, 'was not') }
  }

  #lost(cause: unknown, fate: string): HubError {
    return (
      refusal(cause, this.#address) ??
      new HubError(
        'BROKER_UNREACHABLE',
        `lost the broker at ${brokerUrl(this.#address)} (${reasonOf(cause)}) before it confirmed; the event ${fate} published`,
        { cause },
      )
    )
  }
}

async function openChannel(connection: ChannelModel, timeout: number): Promise<ConfirmChannel> {
  connection.on('error', () => {}) // what waits for an answer fails with it
  const limit = setTimeout(() => destroyConnection(connection), timeout)
  try {
    return await connection.createConfirmChannel()
  } catch (error) {
    destroyConnection(connection)
    throw error
  } finally {
    clearTimeout(limit)
  }
}

function unroutable(exchange: string, routingKey: string): string {
  return `no queue is bound to the exchange "${exchange}" for the routing key "${routingKey}"; start a hub that takes events from there, or use another --exchange`
}

function checkName(what: string, name: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw invalid(`${what} must have no more than ${MAX_NAME_BYTES} bytes`)
  }
}

function invalid(message: string): HubError {
  return new HubError('INVALID_CONFIG', message)
}
