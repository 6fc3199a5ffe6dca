import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { TlsConfig } from '../config/config.js'
import { HubError, messageOf } from '../errors.js'

/** What the hub proves by who it is, in PEM. */
export interface Credentials {
  /** Its certificate, and those that lead to its authority. */
  readonly cert: string
  readonly key: string
  /** What the key is encrypted with. */
  readonly passphrase: string | undefined
}

/**
 * Reads a certificate and its key.
 *
 * @throws {HubError} `INVALID_CONFIG`, naming the key of the configuration and the file, if one
 *   cannot be read or used, or they do not belong together
 */
export async function readCredentials(files: TlsConfig): Promise<Credentials> {
  const [cert, key] = await Promise.all([read('tls.cert', files.cert), read('tls.key', files.key)])
  const credentials = { cert, key, passphrase: files.passphrase }
  check(credentials, files)
  return credentials
}

/** When a certificate is good, and for whom: what a log is to say of it. */
export function describeCertificate({ cert }: Credentials) {
  const { subject, subjectAltName, validFrom, validTo } = new X509Certificate(cert)
  return {
    names: subjectAltName ?? subject,
    from: new Date(validFrom).toISOString(),
    until: new Date(validTo).toISOString(),
  }
}

async function read(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw invalid(`${name}: cannot read ${file}: ${messageOf(error)}`, error)
  }
}

function check({ cert, key, passphrase }: Credentials, files: TlsConfig): void {
  const certificate = attempt(
    () => new X509Certificate(cert),
    () =>
      `tls.cert: ${files.cert} does not begin with a certificate in PEM; wants the hub's, then those that lead to its authority`,
  )
  const privateKey = attempt(
    () => createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }),
    () => `tls.key: ${keyProblem(key, files)}`,
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw invalid(
      `tls.key: the key in ${files.key} is not that of the certificate in ${files.cert} (tls.cert); wants the key that it was made with`,
    )
  }
  attempt(
    () => createSecureContext({ cert, key, passphrase }),
    (error) => `tls.cert: ${files.cert} cannot be used: ${messageOf(error)}`,
  )
}

function keyProblem(key: string, { key: file, passphrase }: TlsConfig): string {
  if (!/ENCRYPTED/.test(key)) return `${file} holds no private key in PEM`
  return passphrase === undefined
    ? `the key in ${file} is encrypted; set tls.passphrase`
    : `tls.passphrase does not open the key in ${file}`
}

function attempt<T>(make: () => T, problem: (error: unknown) => string): T {
  try {
    return make()
  } catch (error) {
    throw invalid(problem(error), error)
  }
}

function invalid(message: string, cause?: unknown): HubError {
  return new HubError('INVALID_CONFIG', message, { cause })
}
