import type { Logger } from 'pino'

/** Lines of one kind at most in so many ms; of what comes beyond, only how much it was is said. */
const LINES = 10
const SPAN = 1000

/** What lines have in common; of few different ones, whatever clients do. */
type Kind = Readonly<Record<string, string>>

/** Says in the log what clients and publishers bring about, which they can do without end. */
export class BurstLog {
  readonly #logger: Logger
  /** How many of each kind there were in its span. */
  readonly #counts = new Map<string, number>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * @param kind what is said of all of them
   * @param details what is said of this one besides
   */
  tell(level: 'info' | 'warn' | 'error', message: string, kind: Kind, details: object): void {
    const key = JSON.stringify([message, kind])
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    if (count <= LINES) this.#logger[level]({ ...kind, ...details }, message)
    if (count > 1) return
    setTimeout(() => {
      const leftOut = (this.#counts.get(key) ?? 0) - LINES
      this.#counts.delete(key)
      if (leftOut > 0) this.#logger[level]({ ...kind, leftOut }, `${message}, and ${leftOut} more`)
    }, SPAN).unref()
  }
}
