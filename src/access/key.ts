import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'

/** What tokens can be signed with. */
export const ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

export type Algorithm = (typeof ALGORITHMS)[number]

/** Which half of a pair of keys is wanted; a secret is both. */
export type Half = 'public' | 'private'

/** A key, and the only algorithms that it is ever used with. */
export interface Key {
  /** Its name, if it has one. */
  readonly kid: string | undefined
  readonly algorithms: readonly Algorithm[]
  readonly key: KeyObject
}

/** Shorter ones are too easily broken. [RFC 7518] */
const MIN_RSA_BITS = 2048
const MIN_SECRET_BYTES = 32

const ALGORITHM_OF_CURVE: Readonly<Record<string, Algorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** A secret that both sides know. */
export function toSecret(bytes: Buffer): Key {
  const algorithms = ALGORITHMS.filter((name) => name.startsWith('HS'))
  return { kid: undefined, algorithms, key: createSecretKey(bytes) }
}

/**
 * A key of a pair; a certificate or a private key will do where the public half is wanted.
 *
 * @param pem one block of PEM
 * @returns undefined for what is no such key, or of a kind that no token is signed with
 */
export function fromPem(pem: string, half: Half): Key | undefined {
  return toKey(() => (half === 'private' ? createPrivateKey(pem) : createPublicKey(pem)))
}

/** The same for a JSON Web Key. [RFC 7517] */
export function fromJwk(jwk: unknown, half: Half): Key | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const { kty, kid, alg, use, k, key_ops: operations } = jwk as Record<string, unknown>
  if (use !== undefined && use !== 'sig') return undefined
  const operation = half === 'private' ? 'sign' : 'verify'
  if (Array.isArray(operations) && !operations.includes(operation)) return undefined
  const found = kty === 'oct' ? fromOctets(k) : toKey(() => toKeyObject(jwk, half))
  if (!found) return undefined
  return {
    ...found,
    kid: typeof kid === 'string' ? kid : undefined,
    algorithms: found.algorithms.filter((name) => alg === undefined || alg === name),
  }
}

function toKeyObject(jwk: object, half: Half): KeyObject {
  const input = { key: jwk as JsonWebKey, format: 'jwk' } as const
  return half === 'private' ? createPrivateKey(input) : createPublicKey(input)
}

function fromOctets(k: unknown): Key | undefined {
  const bytes = typeof k === 'string' ? Buffer.from(k, 'base64url') : Buffer.alloc(0)
  return bytes.length > 0 ? toSecret(bytes) : undefined
}

function toKey(read: () => KeyObject): Key | undefined {
  try {
    const key = read()
    const algorithms = algorithmsOf(key)
    return algorithms.length > 0 ? { kid: undefined, algorithms, key } : undefined
  } catch {
    return undefined // it is none
  }
}

function algorithmsOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details = {},
}: KeyObject): readonly Algorithm[] {
  if (type === 'ed25519') return ['EdDSA', 'Ed25519']
  if (type === 'rsa') {
    const isLong = (details.modulusLength ?? 0) >= MIN_RSA_BITS
    return isLong ? ALGORITHMS.filter((name) => /^[RP]S/.test(name)) : []
  }
  const algorithm = type === 'ec' && ALGORITHM_OF_CURVE[details.namedCurve ?? '']
  return algorithm ? [algorithm] : []
}

/** What is wrong with a secret that is too short. */
export const SHORT = `a secret of less than ${MIN_SECRET_BYTES} bytes can be found by trying`

/** Whether it is a secret that can be found by trying. [RFC 7518] */
export function isShort({ key }: Key): boolean {
  return (key.symmetricKeySize ?? MIN_SECRET_BYTES) < MIN_SECRET_BYTES
}
