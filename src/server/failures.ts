import type { ServerCounters } from '../counts.js'
import { codeOf } from '../errors.js'
import type { Answer } from './answer.js'
import type { ServerContext } from './context.js'
import { corsHeaders } from './cors.js'
import { answerFor, type RequestError } from './errors.js'
import type { HubRequest } from './hub-request.js'

/**
 * What a request that HTTP has not seen is answered when it failed; counts it.
 *
 * @param request undefined if what is wrong is what it asks for
 */
export function failureAnswer(
  error: unknown,
  request: HubRequest | undefined,
  context: ServerContext,
): Answer {
  countError(error, context)
  const answer = answerFor(error as RequestError, context.burstLog)
  countAnswer(answer.statusCode, context.counters)
  const headers = { ...(request && corsHeaders(request, context)), ...answer.headers }
  return { ...answer, headers }
}

/** Counts a request that failed, where a status does not say all. */
export function countError(error: unknown, context: ServerContext): void {
  const code = codeOf(error)
  if (code === 'INVALID_CHANNEL') context.counters.refusedNames += 1
  if (code === 'TOO_MANY_CHANNELS') countChannel(context)
}

/** Counts one for whom there is no room for another channel. */
export function countChannel({ counters, limitLog }: ServerContext): void {
  counters.refusedChannels += 1
  limitLog.tell('server.maxChannels', 'readers are told to come back later, publishers get a 429')
}

/** Counts an answer that says what is wrong with its request. */
export function countAnswer(statusCode: number, counters: ServerCounters): void {
  if (statusCode === 400) counters.invalidRequests += 1
  if (statusCode === 413) {
    counters.oversizedRequests += 1
    counters.oversizedEvents += 1
  }
}
