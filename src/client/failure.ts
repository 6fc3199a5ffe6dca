import { HubError, reasonOf } from '../errors.js'

/** The error for a request that a hub did not take. */
export class Refusal extends HubError {
  /**
   * @param status of the answer
   * @param said why, in the hub's own words
   */
  constructor(
    readonly status: number,
    said: string,
  ) {
    const isRefused = status >= 400 && status < 500
    const problem = isRefused ? 'the hub refused' : 'the hub failed'
    super(isRefused ? 'HUB_REFUSED' : 'HUB_FAILED', `${problem}: ${said} (${status})`)
  }
}

/** Statuses that say to ask again later: Request Timeout, Too Early, Too Many Requests. */
const PASSING = [408, 425, 429]

/** Whether what was refused may well be taken later. */
export function isPassing(error: unknown): boolean {
  return error instanceof Refusal && PASSING.includes(error.status)
}

/**
 * The error for a hub that did not answer.
 *
 * @param origin where it should be, as `http://127.0.0.1:8080`
 */
export function unreachable(origin: string, cause: unknown): HubError {
  const reason = reasonOf(cause)
  const message =
    tlsProblem(origin, reason) ??
    `no answer from a hub at ${origin} (${reason}); check that it runs and that the URL is right`
  return new HubError('HUB_UNREACHABLE', message, { cause })
}

/** What ends a request that was sent, or may have been. */
const MAYBE_SENT = /^(ECONNRESET|EPIPE|UND_ERR_(SOCKET|(HEADERS|BODY)_TIMEOUT)|nothing for .*)$/

/**
 * The error for an event whose publishing failed: whether it was published for all that.
 *
 * @param origin where the hub should be
 */
export function unpublished(origin: string, error: unknown): unknown {
  if (!(error instanceof HubError) || error.code !== 'HUB_UNREACHABLE') return error
  const reason = reasonOf(error.cause)
  if (!MAYBE_SENT.test(reason)) return error
  const message = `no answer from the hub at ${origin} (${reason}); it may have published the event all the same`
  return new HubError('HUB_UNREACHABLE', message, { cause: error })
}

/** What to tell of a server that was reached, but is not who it should be. */
function tlsProblem(origin: string, reason: string): string | undefined {
  if (/ALTNAME/.test(reason)) {
    return `the certificate of the hub at ${origin} is for another name (${reason}); use one that it has in the URL`
  }
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(reason)) {
    return `the certificate of the hub at ${origin} is not valid now (${reason}); give the hub a new one`
  }
  if (/CERT|SIGNATURE/.test(reason)) {
    return `the certificate of the hub at ${origin} is not trusted (${reason}); name the file of its authority with --ca`
  }
  return /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(reason)
    ? `what answers at ${origin} does not speak HTTPS (${reason}); check the URL, or try http://`
    : undefined
}
