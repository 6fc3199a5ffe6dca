/** What went wrong, for programs. Each code is stable; the message is for people and may change. */
export type ErrorCode =
  | 'INVALID_EVENT'
  | 'EVENT_TOO_LARGE'
  | 'INVALID_CHANNEL'
  | 'UNKNOWN_CHANNEL'
  | 'TOO_MANY_CHANNELS'
  | 'TOO_MANY_EVENTS'
  | 'INVALID_CONFIG'
  | 'INVALID_TOKEN'
  | 'STORE_LOCKED'
  | 'STORE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'ADDRESS_UNAVAILABLE'
  | 'WORKER_FAILED'
  | 'KEYS_UNAVAILABLE'
  | 'HUB_STOPPING'
  | 'HUB_REFUSED'
  | 'HUB_FAILED'
  | 'HUB_UNREACHABLE'
  | 'BROKER_REFUSED'
  | 'BROKER_UNREACHABLE'

/** Every error that ssehub throws on purpose: a code for programs, a message that says what to do. */
export class HubError extends Error {
  override readonly name = 'HubError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The code of what was thrown; undefined if it was not thrown on purpose. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof HubError ? error.code : undefined
}

/** The code that Node, or a library, gave what was thrown; undefined if it gave none. */
export function foreignCodeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What begins as a path does, at the beginning of a word. */
const PATH = /(?:^|[\s'"(])(?:\/|[a-z]:\\)/i

/** The same for clients, whom it does not concern where the hub has its files. */
export function publicMessageOf(error: unknown): string {
  const parts = messageOf(error).split(': ')
  return parts.filter((part) => !PATH.test(part)).join(': ') || 'see the log of the hub'
}

/** What lies at the bottom of a failed connection: a code such as ECONNREFUSED if it has one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}
