import { isUtf8 } from 'node:buffer'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { HubError, messageOf } from '../errors.js'
import {
  ALGORITHMS,
  type Algorithm,
  fromJwk,
  fromPem,
  type Half,
  type Key,
  toSecret,
} from './key.js'

const PEM_BLOCK = /-----BEGIN ([A-Z\d ]+)-----.*?-----END \1-----/gs

/**
 * Reads what a key is given as: PEM (keys, certificates, several of them), a JSON Web Key or a set
 * of them, or else a secret. What looks like a key, but is not written as one, is no secret:
 * everybody may know it.
 *
 * @param content a line end after a secret is not part of it
 * @param allowed the only algorithms that they are to be used with
 * @throws {HubError} `INVALID_CONFIG`, saying what is wrong, never what was read
 */
export function parseKeys(
  content: Buffer,
  half: Half,
  allowed: readonly Algorithm[] = ALGORITHMS,
): Key[] {
  const keys = read(content, half).map(({ algorithms, ...key }) => ({
    ...key,
    algorithms: algorithms.filter((name) => allowed.includes(name)),
  }))
  if (keys.some(({ algorithms }) => algorithms.length > 0)) return keys
  throw invalidKey(`it is no key for ${allowed.join(', ')}`)
}

/**
 * Makes something of the one key that there is.
 *
 * @throws {HubError} `INVALID_CONFIG`, saying that it is the key that cannot be used
 */
export function ofKey<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw invalidKey(`the key cannot be used: ${messageOf(error)}`)
  }
}

function read(content: Buffer, half: Half): Key[] {
  const text = isUtf8(content) ? content.toString('utf8').trim() : undefined
  if (text?.includes('-----BEGIN ')) return fromPemText(text, half)
  if (text?.startsWith('{')) return fromJson(text, half)
  if (text?.startsWith('ssh-') || isDer(content) || isDer(Buffer.from(text ?? '', 'base64'))) {
    throw invalidKey('it is a key, but neither in PEM nor a JSON Web Key')
  }
  const secret =
    text === undefined ? content : Buffer.from(content.toString().replace(/\r?\n$/, ''))
  if (secret.length === 0) throw invalidKey('it is empty')
  return [toSecret(secret)]
}

/** Variables of the environment often have `\n` in place of the line ends. */
function fromPemText(text: string, half: Half): Key[] {
  const blocks = [...text.replaceAll('\\n', '\n').matchAll(PEM_BLOCK)]
  const keys = blocks
    .filter(([, label]) => label !== 'EC PARAMETERS')
    .map(([block]) => fromPem(block, half))
  return keys.every((key) => key !== undefined) ? usable(keys, half) : usable([], half)
}

function fromJson(text: string, half: Half): Key[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidKey('it begins like a JSON Web Key, but is no JSON')
  }
  const { keys = [value] } = value as { keys?: unknown }
  const found = Array.isArray(keys) ? keys.map((jwk) => fromJwk(jwk, half)) : []
  // A set may hold keys for other things, too.
  return usable(
    found.filter((key) => key !== undefined),
    half,
  )
}

function usable(keys: Key[], half: Half): Key[] {
  if (keys.length > 0) return keys
  throw invalidKey(
    `it is not a ${half} key that tokens can be ${half === 'private' ? 'signed' : 'verified'} with: ` +
      'RSA of 2048 bits or more, P-256, P-384, P-521, or Ed25519, not encrypted',
  )
}

/** Whether it is a key or certificate in its binary form. */
function isDer(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false
  const key = { key: bytes, format: 'der' } as const
  return [
    () => createPublicKey({ ...key, type: 'spki' }),
    () => createPublicKey({ ...key, type: 'pkcs1' }),
    () => createPrivateKey({ ...key, type: 'pkcs8' }),
    () => createPrivateKey({ ...key, type: 'pkcs1' }),
    () => createPrivateKey({ ...key, type: 'sec1' }),
    () => new X509Certificate(bytes),
  ].some(succeeds)
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

function invalidKey(problem: string): HubError {
  return new HubError('INVALID_CONFIG', problem)
}
