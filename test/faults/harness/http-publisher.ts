import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../helpers/random.js'
import { type Attempt, dataOf, type Outcome } from './journal.js'

/** Ms that a publisher waits for an answer. */
const PATIENCE = 10_000

type Answer = Pick<Attempt, 'outcome' | 'status' | 'sequence'>

/** Publishes one event after another by POST, and writes down what it was told. */
export class HttpPublisher {
  readonly attempts: Attempt[] = []
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #count = 0

  /**
   * @param urls the hubs that take its events; it goes to another when one does not
   * @param refusal what is known of an event that was answered 503: a Redis that went away may have
   *   it after all
   */
  constructor(
    readonly name: string,
    readonly channel: string,
    private readonly urls: readonly string[],
    private readonly random: Random,
    private readonly refusal: 'refused' | 'unknown' = 'refused',
  ) {}

  /** Publishes at most so many events a second until it is to end. */
  async run(rate: number, isEnding: () => boolean): Promise<void> {
    while (!isEnding()) {
      const id = this.#nextId()
      let outcome = await this.#attempt(id)
      // What was refused for certain may be published again, or not: then nobody may see it.
      while (outcome === 'refused' && !isEnding() && this.random.isTrue(0.7)) {
        await pause(50)
        outcome = await this.#attempt(id)
      }
      await pause((2000 * this.random.next()) / rate)
    }
  }

  /** Publishes one more event, however often that takes. */
  async finish(): Promise<string> {
    for (;;) {
      const id = this.#nextId()
      if ((await this.#attempt(id)) === 'acked') break
      await pause(50)
    }
    this.#agent.destroy()
    return this.attempts.at(-1)?.id ?? ''
  }

  #nextId(): string {
    this.#count += 1
    return `${this.name}-${this.#count}`
  }

  async #attempt(id: string): Promise<Outcome> {
    const { name: publisher, channel } = this
    const begun = performance.now()
    const answer = await this.#post(id)
    this.attempts.push({ publisher, channel, id, begun, ended: performance.now(), ...answer })
    return answer.outcome
  }

  #post(id: string): Promise<Answer> {
    const url = `${this.random.pick(this.urls)}/${this.channel}`
    const body = JSON.stringify({ id, data: dataOf(id) })
    const headers = { 'Content-Length': Buffer.byteLength(body) }
    return new Promise((resolve) => {
      const post = request(url, { method: 'POST', agent: this.#agent, headers, timeout: PATIENCE })
      post.on('response', (response) => {
        readAnswer(response, this.refusal).then(resolve, () => resolve({ outcome: 'unknown' }))
      })
      post.on('timeout', () => post.destroy(new Error('no answer')))
      post.on('error', ({ code }: NodeJS.ErrnoException) =>
        resolve({ outcome: code === 'ECONNREFUSED' ? 'refused' : 'unknown' }),
      )
      post.end(body)
    })
  }
}

async function readAnswer(response: IncomingMessage, refusal: Outcome): Promise<Answer> {
  let text = ''
  for await (const chunk of response) text += chunk
  const { statusCode: status = 0 } = response
  if (status === 200) return { outcome: 'acked', status, sequence: JSON.parse(text).sequence }
  // A publish that is answered so was not taken, and nobody has seen it.
  if (status === 503) return { outcome: refusal, status }
  if (status === 408) return { outcome: 'refused', status }
  return { outcome: 'unknown', status }
}
