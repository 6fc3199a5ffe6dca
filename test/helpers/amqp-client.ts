import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  connect,
  type Options,
} from 'amqplib'

/** Talks to a broker as publishers and operators do. */
export class AmqpClient {
  readonly #connection: ChannelModel
  readonly #channel: ConfirmChannel

  private constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.#connection = connection
    this.#channel = channel
  }

  static async connect(url: string): Promise<AmqpClient> {
    const connection = await connect(url)
    connection.on('error', () => {})
    return new AmqpClient(connection, await connection.createConfirmChannel())
  }

  /** To declare, and to delete. */
  get channel(): Channel {
    return this.#channel
  }

  /**
   * Publishes a message; resolves when the broker has it.
   *
   * @param body bytes as they are, or a value that goes as its JSON
   */
  async publish(
    exchange: string,
    routingKey: string,
    body: unknown,
    options: Options.Publish = {},
  ): Promise<void> {
    const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    const properties = { persistent: true, ...options }
    return new Promise((resolve, reject) => {
      this.#channel.publish(exchange, routingKey, content, properties, (error) =>
        error ? reject(error) : resolve(),
      )
    })
  }

  /** What a broker says of a queue; undefined if there is none, or it is another's alone. */
  async queue(name: string): Promise<{ messages: number; consumers: number } | undefined> {
    return this.#look(async (channel) => {
      const { messageCount: messages, consumerCount: consumers } = await channel.checkQueue(name)
      return { messages, consumers }
    })
  }

  async hasExchange(name: string): Promise<boolean> {
    return (await this.#look((channel) => channel.checkExchange(name))) !== undefined
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** A look at what is not there ends its channel. */
  async #look<T>(look: (channel: Channel) => Promise<T>): Promise<T | undefined> {
    const channel = await this.#connection.createChannel()
    channel.on('error', () => {})
    try {
      const found = await look(channel)
      await channel.close()
      return found
    } catch {
      return undefined
    }
  }
}
