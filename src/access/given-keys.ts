import { HubError, messageOf } from '../errors.js'
import type { Algorithm, Key } from './key.js'
import type { KeySource } from './key-source.js'
import { parseKeys } from './key-text.js'

/** Keys that the configuration itself holds. */
export class GivenKeys implements KeySource {
  readonly #keys: readonly Key[]

  /** @throws {HubError} `INVALID_CONFIG` if there are none in it */
  constructor(text: string, algorithms: readonly Algorithm[] | undefined) {
    try {
      this.#keys = parseKeys(Buffer.from(text), 'public', algorithms)
    } catch (cause) {
      throw new HubError('INVALID_CONFIG', `auth.key: ${messageOf(cause)}`, { cause })
    }
  }

  async keys(): Promise<readonly Key[]> {
    return this.#keys
  }

  async renew(): Promise<void> {}
}
