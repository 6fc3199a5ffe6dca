import { readFileSync, statSync } from 'node:fs'
import type { Logger } from 'pino'
import { HubError, messageOf } from '../errors.js'
import { type Algorithm, isShort, type Key, SHORT } from './key.js'
import type { KeySource } from './key-source.js'
import { parseKeys } from './key-text.js'

/** Ms between two looks at whether the file is another. */
const INTERVAL = 1000

export interface FileKeysOptions {
  readonly algorithms: readonly Algorithm[] | undefined
  readonly logger: Logger
  /** A time in ms that only goes on. */
  readonly now?: () => number
}

/** Keys in a file; one that changes is read again, and where that fails those before stay. */
export class FileKeys implements KeySource {
  readonly #file: string
  readonly #algorithms: readonly Algorithm[] | undefined
  readonly #logger: Logger
  readonly #now: () => number
  #keys: readonly Key[]
  #version: string
  #lookAt: number
  /** What was wrong when the file was last looked at. */
  #failure: string | undefined

  /**
   * @throws {HubError} `INVALID_CONFIG` if it cannot be read or holds no keys
   */
  constructor(file: string, { algorithms, logger, now = monotonic }: FileKeysOptions) {
    this.#file = file
    this.#algorithms = algorithms
    this.#logger = logger
    this.#now = now
    this.#lookAt = now() + INTERVAL
    this.#version = versionOf(file)
    this.#keys = readKeys(file, algorithms)
    this.#warn()
  }

  async keys(): Promise<readonly Key[]> {
    if (this.#now() >= this.#lookAt) await this.renew()
    return this.#keys
  }

  async renew(): Promise<void> {
    this.#lookAt = this.#now() + INTERVAL
    try {
      const version = versionOf(this.#file)
      if (version !== this.#version) this.#read(version)
      this.#failure = undefined
    } catch (error) {
      this.#tell(messageOf(error))
    }
  }

  #read(version: string): void {
    this.#keys = readKeys(this.#file, this.#algorithms)
    this.#version = version
    this.#logger.info({ file: this.#file }, 'keys were read again')
    this.#warn()
  }

  /** Says once what goes on to be so. */
  #tell(failure: string): void {
    if (failure !== this.#failure) this.#logger.error(`${failure}; the old keys stay`)
    this.#failure = failure
  }

  #warn(): void {
    if (this.#keys.some(isShort)) this.#logger.warn(`auth.keyFile: ${this.#file}: ${SHORT}`)
  }
}

const monotonic = () => performance.now()

function readKeys(file: string, algorithms: readonly Algorithm[] | undefined): Key[] {
  try {
    return parseKeys(readFileSync(file), 'public', algorithms)
  } catch (error) {
    throw invalidFile(file, error)
  }
}

/** Changes when the file does, or who may read it. */
function versionOf(file: string): string {
  try {
    const { ino, size, ctimeMs } = statSync(file)
    return `${ino} ${size} ${ctimeMs}`
  } catch (error) {
    throw invalidFile(file, error)
  }
}

function invalidFile(file: string, cause: unknown): HubError {
  return new HubError('INVALID_CONFIG', `auth.keyFile: ${file}: ${messageOf(cause)}`, { cause })
}
