import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { TlsConfig } from '../config/config.js'
import { messageOf } from '../errors.js'
import { type Credentials, describeCertificate, readCredentials } from './credentials.js'

export interface CertificateWatchOptions {
  readonly logger: Logger
  /** Handed the new certificate and key when they have changed. */
  readonly onChange: (credentials: Credentials) => void
  /** Ms between two looks at the files, for changes that no one tells of. */
  readonly interval?: number
}

/** Ms after a change in which the other file may follow. */
const SETTLE = 200

const INTERVAL = 10_000

/**
 * Keeps a certificate and its key as their files hold them. Both are replaced by other programs,
 * by writing, by renaming, or by another target of a link. A pair that is no good changes nothing.
 */
export class CertificateWatch {
  readonly #files: TlsConfig
  readonly #options: CertificateWatchOptions
  readonly #watchers: FSWatcher[] = []
  #current: Credentials | undefined
  /** What was wrong when the files were last read. */
  #complaint = ''
  #polling: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined
  #checking: Promise<void> | undefined

  constructor(files: TlsConfig, options: CertificateWatchOptions) {
    this.#files = files
    this.#options = options
  }

  /**
   * Reads the files, and looks after them from then on.
   *
   * @throws {HubError} `INVALID_CONFIG` as `readCredentials`
   */
  async start(): Promise<Credentials> {
    const credentials = await readCredentials(this.#files)
    this.#use(credentials)
    for (const folder of new Set([dirname(this.#files.cert), dirname(this.#files.key)])) {
      this.#watch(folder)
    }
    const { interval = INTERVAL } = this.#options
    this.#polling = setInterval(() => this.#look(), interval).unref()
    return credentials
  }

  /** Reads the files again; resolves when what they hold is in use, or its fault is in the log. */
  async reload(): Promise<void> {
    await this.#checking
    this.#complaint = ''
    await this.#look()
  }

  stop(): void {
    clearInterval(this.#polling)
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
  }

  async #look(): Promise<void> {
    await this.#checking
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined
    })
    await this.#checking
  }

  /** Where the system cannot tell of changes, the regular look has to do. */
  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed())
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch (error) {
      this.#options.logger.debug({ err: error }, `${folder} cannot be watched`)
    }
  }

  #changed(): void {
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#look(), SETTLE).unref()
  }

  async #check(): Promise<void> {
    try {
      const credentials = await readCredentials(this.#files)
      this.#complaint = ''
      if (isSame(credentials, this.#current)) return
      this.#options.onChange(credentials)
      this.#use(credentials)
    } catch (error) {
      this.#complain(messageOf(error))
    }
  }

  #use(credentials: Credentials): void {
    this.#current = credentials
    const certificate = describeCertificate(credentials)
    const { logger } = this.#options
    if (Date.parse(certificate.until) < Date.now()) {
      logger.warn({ certificate }, 'the certificate has expired; clients will refuse it')
    } else {
      logger.info({ certificate }, 'the certificate is in use')
    }
  }

  #complain(message: string): void {
    if (message !== this.#complaint) {
      this.#options.logger.error(`the certificate in use stays, the new one is no good: ${message}`)
    }
    this.#complaint = message
  }
}

function isSame(one: Credentials, other: Credentials | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key
}
