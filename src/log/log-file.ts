import { closeSync, fstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'

/** Characters of a log that are held until they can be written; what comes then is lost. */
export const MAX_UNWRITTEN = 1_048_576

/** Ms between two looks whether the file is still in its place. */
const INTERVAL = 10_000

/**
 * A log's file. One that has been moved away, as by logrotate, or removed, is begun anew, in all
 * processes that write to it, and nobody need signal them.
 */
export class LogFile {
  readonly #path: string
  readonly #onError: (error: Error) => void
  #file: ReturnType<typeof pino.destination>
  #isOf: Stats
  readonly #watching: NodeJS.Timeout

  /**
   * Goes on with the file, or begins it; folders are made.
   *
   * @param onError told when the file cannot be written or begun anew, each time
   * @param interval ms until it is begun anew at the latest
   * @throws if it cannot be opened
   */
  constructor(path: string, onError: (error: Error) => void, interval: number = INTERVAL) {
    this.#path = path
    this.#onError = onError
    ;[this.#file, this.#isOf] = this.#open()
    this.#watching = setInterval(() => this.#renew(), interval).unref()
  }

  write(line: string): void {
    this.#file.write(line)
  }

  end(): void {
    clearInterval(this.#watching)
    this.#file.end()
  }

  #renew(): void {
    try {
      const now = statSync(this.#path, { throwIfNoEntry: false })
      if (now?.ino === this.#isOf.ino && now.dev === this.#isOf.dev) return
      const old = this.#file
      ;[this.#file, this.#isOf] = this.#open()
      old.end()
    } catch (error) {
      this.#onError(error as Error)
    }
  }

  #open(): [ReturnType<typeof pino.destination>, Stats] {
    mkdirSync(dirname(this.#path), { recursive: true })
    // Opened here, since a failure of pino's own to do so is thrown once more later, at nobody.
    const fd = openSync(this.#path, 'a')
    try {
      const stats = fstatSync(fd)
      const file = pino.destination({ dest: this.#path, sync: true, maxLength: MAX_UNWRITTEN })
      file.on('error', this.#onError)
      return [file, stats]
    } finally {
      closeSync(fd)
    }
  }
}
