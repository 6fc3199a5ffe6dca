/** What went wrong, for programs. Each code is stable; the message is for people and may change. */
export type ErrorCode =
  | 'INVALID_EVENT'
  | 'INVALID_CHANNEL'
  | 'UNKNOWN_CHANNEL'
  | 'INVALID_CONFIG'
  | 'STORE_LOCKED'
  | 'STORE_FAILED'
  | 'STORE_UNREACHABLE'
  | 'ADDRESS_UNAVAILABLE'
  | 'HUB_STOPPING'
  | 'HUB_REFUSED'
  | 'HUB_FAILED'
  | 'HUB_UNREACHABLE'

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

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
