import { readFileSync } from 'node:fs'
import { HubError, messageOf } from '../errors.js'

/**
 * Reads a file of certificates.
 *
 * @param key the configuration's name of it
 * @throws {HubError} `INVALID_CONFIG` if it cannot be read
 */
export function readCertificates(file: string | undefined, key: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HubError('INVALID_CONFIG', `${key}: cannot read ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
