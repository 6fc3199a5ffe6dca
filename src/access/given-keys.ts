import type { Algorithm, Key } from './key.js'
import type { KeySource } from './key-source.js'
import { parseKeys } from './key-text.js'

/** Keys that the configuration itself holds. */
export class GivenKeys implements KeySource {
  readonly #keys: readonly Key[]

  /** @throws {HubError} `INVALID_CONFIG` if there are none in it */
  constructor(content: string | Buffer, algorithms?: readonly Algorithm[]) {
    this.#keys = parseKeys(Buffer.from(content), 'public', algorithms)
  }

  async keys(): Promise<readonly Key[]> {
    return this.#keys
  }

  async renew(): Promise<void> {}
}
