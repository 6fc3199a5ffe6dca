import { readFile } from 'node:fs/promises'
import { Flags } from '@oclif/core'
import { HubError, messageOf } from '../errors.js'

/** The flag that says where the key of tokens is. */
export const keyFile = Flags.string({
  description: 'the file with the key; or SSEHUB_AUTH_KEY has the key itself',
  helpValue: 'FILE',
  env: 'SSEHUB_AUTH_KEYFILE',
})

/**
 * The key that a flag or the environment names; undefined if none does.
 *
 * @throws {HubError} `INVALID_CONFIG` if the file cannot be read
 */
export async function readKey(file: string | undefined): Promise<Buffer | string | undefined> {
  if (file === undefined) return process.env.SSEHUB_AUTH_KEY || undefined
  try {
    return await readFile(file)
  } catch (cause) {
    throw new HubError('INVALID_CONFIG', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
}
