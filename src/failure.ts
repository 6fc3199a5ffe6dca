import { codeOf, type ErrorCode, HubError, messageOf } from './errors.js'

/** An error on its way to another process. */
export interface Failure {
  /** Undefined for an error that nobody foresaw. */
  readonly code: ErrorCode | undefined
  readonly message: string
}

/** An error as it goes to another process. */
export function toFailure(error: unknown): Failure {
  return { code: codeOf(error), message: messageOf(error) }
}

/** The error that came from another process. */
export function toError({ code, message }: Failure): Error {
  return code ? new HubError(code, message) : new Error(message)
}
