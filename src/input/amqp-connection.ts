import { type Channel, type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib'
import { brokerUrl, connectOptions, destroyConnection } from '../amqp/connection.js'
import { brokerError } from '../amqp/failure.js'
import { backoff } from '../backoff.js'
import { type AmqpAddress, parseAmqpUrl } from '../config/amqp-url.js'
import { readCertificates } from '../config/certificates.js'
import type { Config } from '../config/config.js'
import { HubError, messageOf } from '../errors.js'
import type { Notices } from './notices.js'

const CONNECT_TIMEOUT = 10_000

export interface AmqpConnectionOptions {
  readonly config: Config['amqp']
  /** What it is called at the broker. */
  readonly name: string
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Ms in which a broker has to answer when it is connected to; 10,000 unless said otherwise. */
  readonly connectTimeout?: number
}

/** A connection to a broker that is made again whenever it is lost, which amqplib sees to. */
export class AmqpConnection {
  readonly #options: AmqpConnectionOptions
  readonly #notices: Notices
  readonly #address: AmqpAddress
  readonly #ca: string | undefined
  #recovering: RecoveringChannelModel | undefined
  #current: ChannelModel | undefined

  /** @throws {HubError} `INVALID_CONFIG` if the file of `amqp.ca` cannot be read */
  constructor(options: AmqpConnectionOptions, notices: Notices) {
    const { ca } = options.config
    this.#options = options
    this.#notices = notices
    this.#address = addressOf(options.config)
    this.#ca = readCertificates(ca, 'amqp.ca')
  }

  /** The broker's, without the login. */
  get url(): string {
    return brokerUrl(this.#address)
  }

  /** Begins to connect; does not wait for it. */
  async open(): Promise<void> {
    const { config, name, random, connectTimeout = CONNECT_TIMEOUT } = this.#options
    const recovering = await connect(connectOptions(this.#address, config.heartbeatInterval), {
      timeout: connectTimeout,
      keepAlive: true,
      noDelay: true,
      clientProperties: { connection_name: name },
      ...(this.#ca && { ca: this.#ca }),
      recovery: {
        waitForConnect: false,
        calculateDelay: (attempt) => backoff(attempt - 1, { random }),
      },
    })
    recovering
      .on('connect', (current) => {
        this.#current = current
      })
      .on('connect-failed', (error) => this.#notices.warn(`${this.explain(error)}; trying again`))
      .on('error', () => {}) // a disconnect follows
      .on('disconnect', (error) => {
        this.#destroy()
        this.#notices.warn(`lost the broker at ${this.url}: ${messageOf(error)}`)
      })
      .on('blocked', (reason) => this.#notices.warn(`the broker takes no messages: ${reason}`))
      .on('unblocked', () => this.#notices.info('the broker takes messages again'))
    this.#recovering = recovering
  }

  /** Opens a channel, as soon as there is a connection. */
  async createChannel(): Promise<Channel> {
    if (!this.#recovering) throw new Error('the connection is not open')
    return this.#recovering.createChannel()
  }

  /** Closes it for good, once the broker has all that was sent. */
  async close(): Promise<void> {
    await this.#recovering?.close()
  }

  /** Closes it for good, though the broker may not answer. */
  giveUp(): void {
    this.close().catch(() => {}) // who closes it in good order is told
    this.#destroy()
  }

  /** What an error comes from, in words that say what to do. */
  explain(error: unknown): string {
    return error instanceof HubError ? error.message : brokerError(error, this.#address).message
  }

  #destroy(): void {
    if (this.#current) destroyConnection(this.#current)
    this.#current = undefined
  }
}

function addressOf({ url, host, port, user, password, vhost, tls }: Config['amqp']): AmqpAddress {
  const address = url === undefined ? { host, port, user, password, vhost } : parseAmqpUrl(url)
  if (!address) throw new HubError('INVALID_CONFIG', 'amqp.url: it is not the URL of a broker')
  return { tls, ...address, ...(tls && { tls }) }
}
