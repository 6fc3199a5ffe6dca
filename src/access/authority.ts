import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { AuthConfig } from '../config/config.js'
import { FileKeys } from './file-keys.js'
import { GivenKeys } from './given-keys.js'
import type { Grants } from './grants.js'
import { ALGORITHMS } from './key.js'
import type { KeySource } from './key-source.js'
import { PublishKeys } from './publish-keys.js'
import { RemoteKeys } from './remote-keys.js'
import { TokenError, Verifier } from './verifier.js'

/** What a public key set can have keys for; that a secret is not told to everybody is its point. */
const ASYMMETRIC = ALGORITHMS.filter((name) => !name.startsWith('HS'))

/** What a publish key lets its bearer do. */
const ALL_PUBLISHING: Grants = { publish: ['*'], subscribe: [], stats: false, expiresAt: undefined }

export interface AuthorityOptions {
  readonly logger: Logger
  /** The time in ms. */
  readonly now: () => number
}

/** Knows who may do what: judges tokens and publish keys. */
export class Authority {
  readonly #publishKeys: PublishKeys
  readonly #verifier: Verifier | undefined

  /**
   * @throws {HubError} `INVALID_CONFIG` if a key cannot be used
   */
  constructor(auth: AuthConfig, options: AuthorityOptions) {
    this.#publishKeys = new PublishKeys(auth.publishKeys)
    const source = sourceOf(auth, options)
    if (!source) return
    const { now } = options
    const { issuer, audience, clockTolerance } = auth
    const algorithms = auth.algorithms ?? (auth.jwksUrl === undefined ? undefined : ASYMMETRIC)
    this.#verifier = new Verifier(source, { algorithms, issuer, audience, clockTolerance, now })
  }

  /**
   * What the bearer of a token may do.
   *
   * @param isPlain whether it was sent where publish keys are sent, too
   * @throws {TokenError} if it does not count
   * @throws {HubError} `KEYS_UNAVAILABLE`
   */
  async grantsOf(token: string, isPlain: boolean): Promise<Grants> {
    if (isPlain && this.#publishKeys.include(token)) {
      return { ...ALL_PUBLISHING, holder: digestOf(token) }
    }
    if (!this.#verifier) throw new TokenError('it is not a key that is known here')
    const grants = await this.#verifier.verify(token)
    return grants.holder === undefined ? { ...grants, holder: digestOf(token) } : grants
  }
}

/** What a token is counted under that does not say whose it is. */
function digestOf(token: string): string {
  return `token ${createHash('sha256').update(token).digest('base64url')}`
}

function sourceOf(
  { key, keyFile, jwksUrl, algorithms }: AuthConfig,
  { logger }: AuthorityOptions,
): KeySource | undefined {
  if (key !== undefined) return new GivenKeys(key, algorithms)
  if (keyFile !== undefined) return new FileKeys(keyFile, { algorithms, logger })
  if (jwksUrl !== undefined) return new RemoteKeys(jwksUrl, { logger })
  return undefined
}
