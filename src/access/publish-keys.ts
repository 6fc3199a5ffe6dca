import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Keys that each let their bearer publish. */
export class PublishKeys {
  readonly #salt = randomBytes(32)
  readonly #digests: readonly Buffer[]

  constructor(keys: readonly string[]) {
    this.#digests = keys.map((key) => this.#digest(key))
  }

  /** Whether it is one of them; how long this takes tells nothing of the keys. */
  include(text: string): boolean {
    const digest = this.#digest(text)
    let found = false
    for (const one of this.#digests) found = timingSafeEqual(one, digest) || found
    return found
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#salt).update(text).digest()
  }
}
