import type { Logger } from 'pino'

/** Ms in which the log says once that a limit is reached, however often it is. */
const SILENCE = 60_000

/** Says in the log that limits are reached, without a line for each who meets one. */
export class LimitLog {
  readonly #logger: Logger
  readonly #now: () => number
  readonly #told = new Map<string, number>()

  /** @param now the time in ms */
  constructor(logger: Logger, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /**
   * @param setting the limit, as in `server.maxConnections`
   * @param effect what comes of it
   */
  tell(setting: string, effect: string, details: object = {}): void {
    const now = this.#now()
    const told = this.#told.get(setting)
    if (told !== undefined && now - told < SILENCE) return
    this.#told.set(setting, now)
    this.#logger.warn({ setting, ...details }, `the limit ${setting} is reached: ${effect}`)
  }
}
