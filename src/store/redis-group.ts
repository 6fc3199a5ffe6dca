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
  readonly #questions: string
  readonly #replies: string
  readonly #asked = new Map<string, (answer: unknown) => void>()

  /** @param answer what this hub answers, as JSON */
  constructor(connection: RedisConnection, prefix: string, answer: () => unknown) {
    this.#connection = connection
    this.#questions = `${prefix}:questions`
    this.#replies = `${prefix}:replies:${randomUUID()}`
    connection.listen(this.#questions, (text) => {
      const [replies = '', question = ''] = text.split(' ')
      const reply = JSON.stringify({ question, answer: answer() })
      connection.publish(replies, reply).catch(() => {}) // it counts as missing
    })
    connection.listen(this.#replies, (text) => {
      const { question, answer } = JSON.parse(text)
      this.#asked.get(question)?.(answer)
    })
  }

  /** @throws {HubError} `STORE_UNREACHABLE`, `STORE_FAILED` */
  async ask(): Promise<Answers> {
    const question = randomUUID()
    const answers: unknown[] = []
    let hubs: number | undefined
    let timer: NodeJS.Timeout | undefined
    const done = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TIMEOUT)
      this.#asked.set(question, (answer) => {
        answers.push(answer)
        if (answers.length === hubs) resolve()
      })
    })
    try {
      hubs = await this.#connection.publish(this.#questions, `${this.#replies} ${question}`)
      if (answers.length !== hubs) await done
    } finally {
      clearTimeout(timer)
      this.#asked.delete(question)
    }
    return { answers, missing: hubs === undefined ? undefined : hubs - answers.length }
  }
}
