import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { HubError, messageOf, reasonOf } from '../errors.js'
import { fromJwk, type Key } from './key.js'
import type { KeySource } from './key-source.js'

export interface RemoteKeysOptions {
  readonly logger: Logger
  /** A time in ms that only goes on. */
  readonly now?: () => number
  /** Ms between the beginnings of two requests at least: who asks meanwhile waits for the next. */
  readonly coolDown?: number
}

/** Ms in which an answer has to be there, and bytes that it may have. */
const TIMEOUT = 5000
const MAX_SIZE = 1_048_576

/** Seconds that keys are taken for good; in between, as long as the answer's `max-age` says. */
const MIN_AGE = 1
const MAX_AGE = 600

const COOL_DOWN = 1000

/** Ms for which keys that are old are still used while they are fetched again. */
const STALE = 600_000

/** Ms until the next try where keys are there, but could not be looked for anew. */
const RETRY = 10_000

/**
 * Public keys of a JSON Web Key Set at a URL. They are fetched when they are needed first, when
 * they are old, and when none of them fits; where that fails, those that were there stay.
 */
export class RemoteKeys implements KeySource {
  readonly #url: string
  readonly #logger: Logger
  readonly #now: () => number
  readonly #coolDown: number
  #keys: readonly Key[] | undefined
  /** What they were made of. */
  #text: string | undefined
  /** When they are to be fetched again, and when they may be. */
  #staleAt = Number.NEGATIVE_INFINITY
  #coolAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined
  /** Why the latest request failed, if it did. */
  #failure: string | undefined

  constructor(
    url: string,
    { logger, now = () => performance.now(), coolDown = COOL_DOWN }: RemoteKeysOptions,
  ) {
    this.#url = url
    this.#logger = logger
    this.#now = now
    this.#coolDown = coolDown
  }

  /** Waits for a fetch only where there are no keys, or nobody has looked for long: see `STALE`. */
  async keys(): Promise<readonly Key[]> {
    const age = this.#now() - this.#staleAt
    const renewed = age >= 0 ? this.renew() : undefined
    if (!this.#keys || age >= STALE) await renewed
    if (this.#keys) return this.#keys
    throw new HubError(
      'KEYS_UNAVAILABLE',
      'the keys that tokens are signed with are not there yet; try again',
    )
  }

  /** Requests that come together share one fetch. */
  async renew(): Promise<void> {
    this.#fetching ??= this.#renew()
    await this.#fetching
  }

  async #renew(): Promise<void> {
    try {
      const heat = this.#coolAt - this.#now()
      if (heat > 0) await wait(heat)
      this.#coolAt = this.#now() + this.#coolDown
      await this.#fetch()
      this.#failure = undefined
    } catch (error) {
      this.#tell(reasonOf(error))
      if (this.#keys) this.#staleAt = this.#now() + RETRY
    } finally {
      this.#fetching = undefined
    }
  }

  /** Says once what goes on to be so. */
  #tell(reason: string): void {
    if (reason === this.#failure) return
    this.#failure = reason
    const { origin, pathname } = new URL(this.#url)
    const outcome = this.#keys ? '; the old ones stay' : ''
    this.#logger.error({ url: origin + pathname, reason }, `keys could not be fetched${outcome}`)
  }

  async #fetch(): Promise<void> {
    const response = await fetch(this.#url, {
      headers: { Accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.timeout(TIMEOUT),
    })
    if (!response.ok) {
      await response.body?.cancel()
      throw new Error(`it answers ${response.status}`)
    }
    const text = await limited(response)
    const [, maxAge] =
      /(?:^|[\s,])max-age=(\d+)/i.exec(response.headers.get('cache-control') ?? '') ?? []
    if (text !== this.#text) this.#keys = parse(text)
    this.#text = text
    const age = Math.max(MIN_AGE, Math.min(MAX_AGE, Number(maxAge ?? MAX_AGE)))
    this.#staleAt = this.#now() + age * 1000
  }
}

async function limited({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_SIZE) throw new Error(`it has more than ${MAX_SIZE} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A secret that is told to everybody is none: it is passed over, as is what is no key. */
function parse(text: string): Key[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`it is not JSON: ${messageOf(error)}`)
  }
  const { keys } = (value ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new Error('it is not a set of JSON Web Keys')
  return keys
    .map((jwk) => fromJwk(jwk, 'public'))
    .filter((key) => key !== undefined)
    .filter(({ key }) => key.type !== 'secret')
}
