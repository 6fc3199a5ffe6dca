import type { Logger } from 'pino'

/** What a broker calls a queue by itself: at each try it is another. */
const GIVEN_NAME = /amq\.gen-[\w-]+/g

/** What the log is told of a broker: what goes on and on, only once. */
export class Notices {
  readonly #logger: Logger
  #last = ''
  #isOver = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Warns of something, unless it was the last thing that was warned of. */
  warn(message: string): void {
    const kind = message.replaceAll(GIVEN_NAME, '')
    if (kind === this.#last || this.#isOver) return
    this.#last = kind
    this.#logger.warn(message)
  }

  /** Tells that all is well, after which any warning is news. */
  info(message: string): void {
    this.#last = ''
    this.#logger.info(message)
  }

  /** Tells no more. */
  end(): void {
    this.#isOver = true
  }
}
