/** Which origins' pages may read: the CORS headers of an answer. */
export class Origins {
  readonly #allowed: '*' | ReadonlySet<string>

  /** @param allowed `*` for all, or those that may, compared exactly */
  constructor(allowed: '*' | readonly string[]) {
    this.#allowed = allowed === '*' ? '*' : new Set(allowed)
  }

  /** @param origin what the request's `Origin` header says */
  headersFor(origin: string | undefined): Record<string, string> {
    if (this.#allowed === '*') return { 'Access-Control-Allow-Origin': '*' }
    // A cache must not give one origin's answer to another, even if it allows nothing.
    const headers = { Vary: 'Origin' }
    return origin !== undefined && this.#allowed.has(origin)
      ? { ...headers, 'Access-Control-Allow-Origin': origin }
      : headers
  }
}
