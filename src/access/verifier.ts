import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { type Grants, toGrants } from './grants.js'
import { ALGORITHMS, type Algorithm, type Key } from './key.js'
import type { KeySource } from './key-source.js'

/** Why a token does not count; its message is for its bearer. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
}

/** What a token has to be like. */
export interface VerifierOptions {
  /** The only ones that are allowed, if not all that go with the keys. */
  readonly algorithms: readonly Algorithm[] | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number
  /** The time in ms. */
  readonly now: () => number
}

/** Finds out what the bearer of a JSON Web Token may do. [RFC 7519] */
export class Verifier {
  readonly #source: KeySource
  readonly #options: VerifierOptions

  constructor(source: KeySource, options: VerifierOptions) {
    this.#source = source
    this.#options = options
  }

  /**
   * @throws {TokenError} if it does not count
   * @throws {HubError} `KEYS_UNAVAILABLE`
   */
  async verify(token: string): Promise<Grants> {
    const header = headerOf(token)
    const keys = await this.#source.keys()
    let claims = await this.#claims(token, header, keys)
    if (!claims && this.#isAllowed(header.alg)) {
      await this.#source.renew()
      const others = await this.#source.keys()
      if (others !== keys) claims = await this.#claims(token, header, others)
    }
    if (!claims) throw new TokenError('it is not signed with a key that is known here')
    const grants = toGrants(claims, this.#options.clockTolerance)
    if (grants) return grants
    throw new TokenError(
      'its claim "ssehub" is not {"publish"?: [channels], "subscribe"?: [channels], "stats"?: true or false}',
    )
  }

  #isAllowed(alg: string): boolean {
    const { algorithms = ALGORITHMS } = this.#options
    return algorithms.some((name) => name === alg)
  }

  /** Undefined if no key fits. */
  async #claims(
    token: string,
    { alg, kid }: { alg: string; kid: string | undefined },
    keys: readonly Key[],
  ): Promise<JWTPayload | undefined> {
    if (!this.#isAllowed(alg)) return undefined
    const { issuer, audience, clockTolerance, now } = this.#options
    const options = {
      algorithms: [alg],
      clockTolerance,
      currentDate: new Date(now()),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    }
    for (const key of keys) {
      if (!key.algorithms.some((name) => name === alg)) continue
      if (kid !== undefined && key.kid !== undefined && key.kid !== kid) continue
      try {
        return (await jwtVerify(token, key.key, options)).payload
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refusal(error)
      }
    }
    return undefined
  }
}

/** What it says of how it is signed. */
function headerOf(token: string): { alg: string; kid: string | undefined } {
  let header: { alg?: unknown; kid?: unknown }
  try {
    header = decodeProtectedHeader(token)
  } catch {
    throw new TokenError('it is not a JSON Web Token')
  }
  const { alg, kid } = header
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) {
    throw new TokenError('it is not a JSON Web Token')
  }
  return { alg, kid }
}

function refusal(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenError('it has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return new TokenError('it is not valid yet')
    if (error.claim === 'iss')
      return new TokenError('it is not from the issuer that is trusted here')
    if (error.claim === 'aud') return new TokenError('it is not meant for this hub (aud)')
    return new TokenError(`its claim "${error.claim}" cannot be used`)
  }
  return error instanceof errors.JOSEError
    ? new TokenError('it is not a JSON Web Token that can be verified here')
    : error
}
