import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { HubError } from '../errors.js'
import { GivenKeys } from './given-keys.js'
import { ofKey } from './key-text.js'
import { TokenError, Verifier } from './verifier.js'

/** What a token says, and whether it counts. */
export interface Inspection {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: JWTPayload
  /** Null if its signature is not checked, as there is no key, and nothing else is wrong. */
  readonly isValid: boolean | null
  /** Why it does not count, or what was not checked; null if it counts. */
  readonly problem: string | null
}

/**
 * Shows what a token says.
 *
 * @param key what it is verified with, as `auth.key` has it; without one its signature is not
 * @param now the time in ms
 * @throws {HubError} `INVALID_TOKEN` if it is none, `INVALID_CONFIG` if the key is none
 */
export async function inspectToken(
  token: string,
  key: string | Buffer | undefined,
  now: () => number = Date.now,
): Promise<Inspection> {
  const parts = partsOf(token)
  if (key === undefined) {
    const problem = timeProblem(parts.claims, now() / 1000)
    return problem
      ? { ...parts, isValid: false, problem }
      : { ...parts, isValid: null, problem: 'its signature is not checked: there is no key' }
  }
  const given = ofKey(() => new GivenKeys(key))
  try {
    const options = { algorithms: undefined, issuer: undefined, audience: undefined }
    const verifier = new Verifier(given, { ...options, clockTolerance: 0, now })
    await verifier.verify(token)
    return { ...parts, isValid: true, problem: null }
  } catch (error) {
    if (error instanceof TokenError) return { ...parts, isValid: false, problem: error.message }
    throw error
  }
}

function partsOf(token: string): Pick<Inspection, 'header' | 'claims'> {
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) }
  } catch (cause) {
    throw new HubError('INVALID_TOKEN', 'this is not a JSON Web Token', { cause })
  }
}

function timeProblem({ exp, nbf }: JWTPayload, now: number): string | undefined {
  if (exp !== undefined && exp <= now) return 'it has expired'
  if (nbf !== undefined && nbf > now) return 'it is not valid yet'
  return undefined
}
