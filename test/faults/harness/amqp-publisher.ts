import { setTimeout as pause } from 'node:timers/promises'
import { AmqpClient } from '../../helpers/amqp-client.js'
import { type Attempt, dataOf, type Outcome } from './journal.js'

/** Ms that a publisher waits for a connection, or for a confirm. */
const PATIENCE = 5000

/**
 * Publishes one event after another through a broker, and writes down what it was told. What has
 * no confirm it publishes again: the hub knows it by its message id.
 */
export class AmqpPublisher {
  readonly attempts: Attempt[] = []
  #client: AmqpClient | undefined
  #count = 0

  constructor(
    readonly name: string,
    readonly channel: string,
    private readonly broker: { readonly url: string; readonly exchange: string },
  ) {}

  /** Publishes at most so many events a second until it is to end. */
  async run(rate: number, isEnding: () => boolean): Promise<void> {
    while (!isEnding()) {
      await this.#publish()
      await pause(1000 / rate)
    }
  }

  /** Publishes one more event, however often that takes. */
  async finish(): Promise<string> {
    const id = await this.#publish()
    await this.#drop()
    return id
  }

  async #publish(): Promise<string> {
    this.#count += 1
    const id = `${this.name}-${this.#count}`
    while ((await this.#attempt(id)) !== 'acked') await pause(50)
    return id
  }

  async #attempt(id: string): Promise<Outcome> {
    const { name: publisher, channel } = this
    const begun = performance.now()
    const outcome = await this.#send(id)
    this.attempts.push({ publisher, channel, id, begun, ended: performance.now(), outcome })
    return outcome
  }

  async #send(id: string): Promise<Outcome> {
    try {
      this.#client ??= await inTime(AmqpClient.connect(this.broker.url), (late) => late.close())
    } catch {
      return 'refused'
    }
    try {
      const event = { path: this.channel, id, data: dataOf(id) }
      const options = { messageId: id }
      await inTime(this.#client.publish(this.broker.exchange, this.channel, event, options))
      return 'acked'
    } catch {
      await this.#drop()
      return 'unknown'
    }
  }

  /** Lets go of a connection that may be dead. */
  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await inTime(client?.close() ?? Promise.resolve(), () => {}, 500).catch(() => {})
  }
}

/** @param onLate told of what comes after all */
async function inTime<T>(
  promise: Promise<T>,
  onLate: (result: T) => unknown = () => {},
  patience = PATIENCE,
): Promise<T> {
  let isLate = false
  const timer = new AbortController()
  const late = pause(patience, undefined, { signal: timer.signal }).then(() => {
    isLate = true
    throw new Error('it takes too long')
  })
  const done = promise.then((result) => {
    if (isLate) Promise.resolve(onLate(result)).catch(() => {})
    return result
  })
  try {
    return await Promise.race([done, late])
  } finally {
    timer.abort()
    late.catch(() => {}) // it was aborted
    done.catch(() => {}) // it may still fail
  }
}
