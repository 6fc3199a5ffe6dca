import { randomUUID } from 'node:crypto'
import type { RedisConnection } from './redis-connection.js'

/** Ms that other hubs are given to answer. */
const TIMEOUT = 500

/** What all hubs of a Redis answered. */
export interface Answers {
  readonly answers: readonly unknown[]
  /** How many hubs listen and gave none; undefined where Redis does not know who listens. */
  readonly missing: number | undefined
}

/** The hubs that share a Redis and a prefix: each can ask all, itself among them. */
export class RedisGroup {
  readonly #connection: RedisConnection
  readonly #answer: () => Promise<unknown>
  readonly #name = randomUUID()
  readonly #questions: string
  readonly #replies: string
  readonly #asked = new Map<string, (hub: string, answer: unknown) => void>()

  /** @param answer what this hub answers, as JSON */
  constructor(connection: RedisConnection, prefix: string, answer: () => Promise<unknown>) {
    this.#connection = connection
    this.#answer = answer
    this.#questions = `${prefix}:questions`
    this.#replies = `${prefix}:replies:`
    connection.listen(this.#questions, (text) => this.#reply(text))
    connection.listen(this.#replies + this.#name, (text) => {
      const { question, hub, answer } = JSON.parse(text)
      this.#asked.get(question)?.(hub, answer)
    })
  }

  /** @throws {HubError} `STORE_UNAVAILABLE` */
  async ask(): Promise<Answers> {
    const question = randomUUID()
    const answers = new Map<string, unknown>([[this.#name, await this.#answer()]])
    let hubs: number | undefined
    let timer: NodeJS.Timeout | undefined
    const done = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TIMEOUT)
      this.#asked.set(question, (hub, answer) => {
        answers.set(hub, answer)
        if (answers.size === hubs) resolve()
      })
    })
    try {
      hubs = await this.#connection.publish(this.#questions, `${this.#name} ${question}`)
      if (hubs === undefined || answers.size < hubs) await done
    } finally {
      clearTimeout(timer)
      this.#asked.delete(question)
    }
    const missing = hubs === undefined ? undefined : Math.max(0, hubs - answers.size)
    return { answers: [...answers.values()], missing }
  }

  async #reply(text: string): Promise<void> {
    const [hub, question] = text.split(' ')
    if (!hub || hub === this.#name) return
    try {
      const reply = { question, hub: this.#name, answer: await this.#answer() }
      await this.#connection.publish(this.#replies + hub, JSON.stringify(reply))
    } catch {
      // who gets none counts this hub as missing
    }
  }
}
