/** An origin of pages that have none, such as files and sandboxed frames: anybody can make one. */
const OPAQUE = 'null'

/**
 * Reads an origin as `scheme://host:port`, or `null`, and writes it as browsers do: in lower case,
 * without the port that its scheme has anyway.
 *
 * @returns undefined for what is none: with a path, a user, a wildcard
 */
export function parseOrigin(text: string): string | undefined {
  if (text === OPAQUE) return text
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/\\?#@*\s]+$/i.test(text) || !URL.canParse(text)) return undefined
  const { origin, protocol, host } = new URL(text)
  return origin === 'null' ? `${protocol}//${host}`.toLowerCase() : origin
}

/** Which origins' pages may read: the CORS headers of an answer. */
export class Origins {
  readonly #allowed: '*' | ReadonlySet<string>

  /** @param allowed `*` for all, or those that may, compared exactly */
  constructor(allowed: '*' | readonly string[]) {
    this.#allowed = allowed === '*' ? '*' : new Set(allowed)
  }

  /** Whether it is one of a list, and no other page can pass for it. */
  names(origin: string): boolean {
    return this.#allowed !== '*' && origin !== OPAQUE && this.#allowed.has(origin)
  }

  /** @param origin what the request's `Origin` header says */
  headersFor(origin: string | undefined): Record<string, string> {
    if (this.#allowed === '*') return { 'Access-Control-Allow-Origin': '*' }
    // A cache must not give one origin's answer to another, even if it allows nothing.
    const headers = { Vary: 'Origin' }
    if (origin === undefined || !this.#allowed.has(origin)) return headers
    return {
      ...headers,
      'Access-Control-Allow-Origin': origin,
      ...(this.names(origin) && { 'Access-Control-Allow-Credentials': 'true' }),
    }
  }
}
