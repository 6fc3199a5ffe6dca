import type { Channel, Options } from 'amqplib'
import { isNotFound } from '../amqp/failure.js'
import type { Config } from '../config/config.js'
import type { AmqpConnection } from './amqp-connection.js'

/** Ms without a hub after which the broker deletes a hub's own queue: 7 days. */
const EXPIRES = 604_800_000

/** What waits for a hub that hangs, at most; then the oldest goes. */
const TRANSIENT_LIMIT = { messages: 100_000, bytes: 268_435_456 }

/** The name of the queue of all hubs, unless the configuration names it. */
const SHARED_QUEUE = 'ssehub'

/** Ensures that the exchange, the queue and its binding are there; what is there stays as it is. */
export class AmqpQueue {
  readonly #config: Config['amqp']
  readonly #ownName: string
  #transient: string | undefined

  /** @param ownName what a lasting queue of this hub alone is called where no name is given */
  constructor(config: Config['amqp'], ownName: string) {
    this.#config = config
    this.#ownName = ownName
  }

  /**
   * @param connection gives the channels to look with: a look at what is not there ends one
   * @param channel declares what is missing
   * @returns the queue's name
   */
  async ensure(connection: AmqpConnection, channel: Channel): Promise<string> {
    const { exchange, exchangeType } = this.#config
    // Names that begin so are the broker's: the binding fails if such a one is not there.
    const isOwn = exchange !== '' && !exchange.startsWith('amq.')
    if (isOwn && !(await isThere(connection, (probe) => probe.checkExchange(exchange)))) {
      await channel.assertExchange(exchange, exchangeType, { durable: true })
    }
    const queue = await this.#ensureQueue(connection, channel)
    await this.#bind(channel, queue)
    return queue
  }

  /** Binds a queue anew, which nobody notices who has it bound; fails without the exchange. */
  async rebind(connection: AmqpConnection, queue: string): Promise<void> {
    await onProbe(connection, (probe) => this.#bind(probe, queue))
  }

  async #bind(channel: Channel, queue: string): Promise<void> {
    const { exchange, exchangeType, routingkey } = this.#config
    // To the default exchange every queue is bound by its name, and by no other. [spec]
    if (exchange !== '') {
      const key = routingkey === '' && exchangeType === 'topic' ? '#' : routingkey
      await channel.bindQueue(queue, exchange, key)
    }
  }

  async #ensureQueue(connection: AmqpConnection, channel: Channel): Promise<string> {
    const { mode, queue } = this.#config
    if (mode === 'transient') return this.#renewTransient(connection, channel)
    const name = queue ?? (mode === 'shared' ? SHARED_QUEUE : this.#ownName)
    if (!(await isThere(connection, (probe) => probe.checkQueue(name)))) {
      const { version } = channel.connection.serverProperties
      await channel.assertQueue(name, lastingQueue(version, mode === 'durable'))
    }
    return name
  }

  /** A queue that was never taken from would stay as long as its connection. */
  async #renewTransient(connection: AmqpConnection, channel: Channel): Promise<string> {
    if (this.#transient !== undefined) await drop(connection, this.#transient)
    this.#transient = (await channel.assertQueue('', TRANSIENT)).queue
    return this.#transient
  }
}

/** Deletes a queue; one of another connection goes with that. */
async function drop(connection: AmqpConnection, queue: string): Promise<void> {
  try {
    await onProbe(connection, (probe) => probe.deleteQueue(queue))
  } catch {
    // It is another connection's, or there is no connection: what follows fails with that.
  }
}

/** Exclusive, because RabbitMQ 4.3 refuses a queue that neither lasts nor is one connection's. */
const TRANSIENT: Options.AssertQueue = {
  exclusive: true,
  autoDelete: true,
  durable: false,
  maxLength: TRANSIENT_LIMIT.messages,
  overflow: 'drop-head',
  arguments: { 'x-queue-type': 'classic', 'x-max-length-bytes': TRANSIENT_LIMIT.bytes },
}

/** @param version the broker's, as in `3.10.8` */
export function lastingQueue(version: string, expires: boolean): Options.AssertQueue {
  // From 4.0 on, messages that were delivered 20 times are dropped unless this forbids it; a
  // broker before that takes it for a limit of 0.
  const unlimited = Number.parseInt(version, 10) >= 4 && { 'x-delivery-limit': -1 }
  return {
    durable: true,
    ...(expires && { expires: EXPIRES }),
    arguments: {
      'x-queue-type': 'quorum',
      // Of several consumers only one is served, so that the order of the queue holds.
      'x-single-active-consumer': true,
      ...unlimited,
    },
  }
}

async function isThere(
  connection: AmqpConnection,
  look: (probe: Channel) => Promise<unknown>,
): Promise<boolean> {
  try {
    await onProbe(connection, look)
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/** Does something on a channel of its own, for what fails ends the channel. */
async function onProbe(
  connection: AmqpConnection,
  act: (probe: Channel) => Promise<unknown>,
): Promise<void> {
  const probe = await connection.createChannel()
  probe.on('error', () => {}) // the act fails with the same
  await act(probe)
  await probe.close()
}
