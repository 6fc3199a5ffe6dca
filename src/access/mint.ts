import { SignJWT } from 'jose'
import { HubError } from '../errors.js'
import { type Claims, patternProblem } from './grants.js'
import { ALGORITHMS, type Algorithm, isShort, SHORT } from './key.js'
import { ofKey, parseKeys } from './key-text.js'

export interface MintOptions {
  /** One that goes with the key; by default the first that does. */
  readonly algorithm?: Algorithm | undefined
  /** The name of the key, so that its verifier finds it; by default what a JSON Web Key says. */
  readonly kid?: string | undefined
  /** Told of what is harmless to make, but not to use. */
  readonly warn?: (message: string) => void
}

/** A token, and what is in it. */
export interface Minted {
  readonly token: string
  readonly algorithm: Algorithm
  readonly claims: Claims
}

/**
 * Makes a token.
 *
 * @param key a secret, or a private key as PEM or JSON Web Key
 * @throws {HubError} `INVALID_CONFIG` if that cannot sign, `INVALID_CHANNEL` if it names none
 */
export async function mintToken(
  claims: Claims,
  key: string | Buffer,
  { algorithm, kid, warn }: MintOptions = {},
): Promise<Minted> {
  const { publish = [], subscribe = [] } = claims.ssehub ?? {}
  const [problem] = [...publish, ...subscribe].map(patternProblem).filter(Boolean)
  if (problem) throw new HubError('INVALID_CHANNEL', problem)
  const allowed = algorithm === undefined ? ALGORITHMS : [algorithm]
  const [found] = ofKey(() => parseKeys(Buffer.from(key), 'private', allowed))
  const alg = found?.algorithms[0]
  if (!found || !alg) throw new HubError('INVALID_CONFIG', 'there is no key to sign with')
  if (isShort(found)) warn?.(SHORT)
  const name = kid ?? found.kid
  const header = { alg, typ: 'JWT', ...(name !== undefined && { kid: name }) }
  const token = await new SignJWT({ ...claims }).setProtectedHeader(header).sign(found.key)
  return { token, algorithm: alg, claims }
}
