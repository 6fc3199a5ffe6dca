import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { type Channel, type ConsumeMessage, IllegalOperationError } from 'amqplib'
import { isNotFound } from '../amqp/failure.js'
import { HubError } from '../errors.js'
import type { AmqpConnection } from './amqp-connection.js'
import type { AmqpQueue } from './amqp-queue.js'

/** A message as it was delivered, to be answered once. */
export interface Delivered {
  readonly message: ConsumeMessage
  /** Aborted when it can be answered no more: the broker delivers it again. */
  readonly ended: AbortSignal
  /** Tells the broker that it is done with. */
  ack(): void
  /** Tells the broker not to deliver it again; it goes to the dead-letter exchange. */
  reject(): void
}

/** Ms from one look at whether its queue is bound to the next: of that a broker tells nothing. */
const BIND_INTERVAL = 30_000

/** How a queue is consumed. */
export interface AmqpConsumerOptions {
  /** How many messages the broker sends ahead of their answers. */
  readonly prefetch: number
  /** Ms after which its queue is bound again, in case it is not any more; 30,000 unless said otherwise. */
  readonly bindInterval?: number | undefined
}

/** A consumer of the queue on a channel of its own, from its start to its end. */
export class AmqpConsumer {
  readonly #channel: Channel
  readonly #end = new AbortController()
  #failure: Error | undefined
  #queue = ''

  private constructor(channel: Channel) {
    this.#channel = channel
    setMaxListeners(0, this.ended) // each message under way may wait for it
    channel.on('error', (error) => {
      this.#failure = error
    })
    channel.on('close', () => this.#end.abort())
  }

  /** Waits for a connection, ensures that the queue is there, and begins to consume. */
  static async start(
    connection: AmqpConnection,
    queue: AmqpQueue,
    { prefetch, bindInterval = BIND_INTERVAL }: AmqpConsumerOptions,
    take: (delivered: Delivered) => void,
  ): Promise<AmqpConsumer> {
    const channel = await connection.createChannel()
    const consumer = new AmqpConsumer(channel)
    try {
      consumer.#queue = await queue.ensure(connection, channel)
      await channel.prefetch(prefetch)
      await channel.consume(consumer.#queue, (message) => {
        if (message) take(consumer.#delivered(message))
        else consumer.#cancelled()
      })
    } catch (error) {
      consumer.#abandon()
      throw error
    }
    void consumer.#stayBound(bindInterval, () => queue.rebind(connection, consumer.#queue))
    return consumer
  }

  /** The name of its queue. */
  get queue(): string {
    return this.#queue
  }

  /** Aborted when it has ended. */
  get ended(): AbortSignal {
    return this.#end.signal
  }

  /** Why it has ended; undefined if that was with its connection. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Ends it once the broker has all answers; what has none it delivers again. */
  async close(): Promise<void> {
    await this.#channel.close()
  }

  /** An exchange that is deleted takes its bindings along: nothing more would come, in silence. */
  async #stayBound(interval: number, rebind: () => Promise<void>): Promise<void> {
    const { ended } = this
    while (!ended.aborted) {
      await wait(interval, undefined, { signal: ended, ref: false }).catch(() => {}) // it has ended
      if (ended.aborted) return
      // One that may not bind any more is bound still.
      await rebind().catch((error: Error) => isNotFound(error) && this.#fail(error))
    }
  }

  #delivered(message: ConsumeMessage): Delivered {
    return {
      message,
      ended: this.ended,
      ack: () => this.#answer(() => this.#channel.ack(message)),
      reject: () => this.#answer(() => this.#channel.nack(message, false, false)),
    }
  }

  /** An answer on a channel that is gone is dropped: the broker delivers the message again. */
  #answer(send: () => void): void {
    try {
      send()
    } catch (error) {
      if (!(error instanceof IllegalOperationError)) throw error
    }
  }

  #cancelled(): void {
    const what = `the queue ${this.#queue} is gone: it was deleted, or its node is down`
    this.#fail(new HubError('BROKER_REFUSED', what))
  }

  #fail(failure: Error): void {
    if (this.ended.aborted) return
    this.#failure = failure
    this.#abandon()
  }

  #abandon(): void {
    this.#end.abort()
    this.#channel.close().catch(() => {}) // it was closed already
  }
}
