import { STATUS_CODES } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.js'
import { type ErrorCode, HubError } from '../errors.js'
import type { BurstLog } from '../limits/burst-log.js'
import type { Answer } from './answer.js'
import { dropBody, isHttp2 } from './http2.js'
import { methodsAt } from './methods.js'

/** An error of a route's own, in fastify's form: its message is for the client. */
export class HttpError extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/**
 * What a publisher is told at a limit.
 *
 * @param setting which, as in `server.maxConnections`
 */
export function tooMany(message: string, setting: string, headers: HttpError['headers'] = {}) {
  return new HttpError(429, `${message} (${setting}); try again`, {
    'Retry-After': '1',
    ...headers,
  })
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  INVALID_EVENT: 400,
  EVENT_TOO_LARGE: 413,
  INVALID_CHANNEL: 400,
  UNKNOWN_CHANNEL: 404,
  TOO_MANY_CHANNELS: 429,
  TOO_MANY_EVENTS: 429,
  STORE_FAILED: 503,
  STORE_UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  HUB_STOPPING: 503,
}

/** What goes wrong with a request. */
export type RequestError = FastifyError | HubError | HttpError

/** What an error is answered with; what is wrong inside the hub is logged, not told. */
export function answerFor(error: RequestError, log: BurstLog): Answer {
  const statusCode = statusOf(error)
  if (statusCode === 500) log.tell('error', 'a request failed', {}, { err: error })
  const message = statusCode === 500 ? 'the hub failed; see its log' : messageOf(error)
  return {
    statusCode,
    headers: {
      ...((statusCode === 503 || statusCode === 429) && { 'Retry-After': '1' }),
      ...(error instanceof HttpError && error.headers),
    },
    body: errorBody(statusCode, message),
  }
}

/** Of a body that is too large, and did not say so before, fastify does not say by what limit. */
function messageOf({ code, message }: RequestError & { code?: string }): string {
  const isTooLarge = code === 'FST_ERR_CTP_BODY_TOO_LARGE'
  return isTooLarge ? 'the event has more bytes than it may (server.maxEventBytes)' : message
}

/** Answers with an error. */
export function answerError(error: RequestError, reply: FastifyReply, log: BurstLog): void {
  const { statusCode, headers, body } = answerFor(error, log)
  reply.headers(headers)
  if (isHttp2(reply.raw)) reply.removeHeader('connection') // fastify's, for a body that is not read
  reply.code(statusCode).send(body)
}

/** Says which methods there are. */
export function refuseMethod({ method, raw }: FastifyRequest, config: Config): never {
  throw methodRefused(method, raw.url ?? '/', config)
}

/** Says the same over HTTP/2, where a method may be any word, to one that no router knows. */
export function answerForeign(
  { method, url = '*' }: Http2ServerRequest,
  response: Http2ServerResponse,
  config: Config,
): void {
  const { statusCode, message, headers } = methodRefused(method, url, config)
  response.writeHead(statusCode, {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
  })
  const body = errorBody(statusCode, message)
  response.end(JSON.stringify(body), () => dropBody(response))
}

/** What a method is answered with that there is not. */
export function methodRefused(method: string, target: string, config: Config): HttpError {
  return new HttpError(405, `${method} is not supported here`, {
    Allow: methodsAt(target, config),
  })
}

/** An error's JSON, in fastify's own form. */
export function errorBody(statusCode: number, message: string) {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', message }
}

function statusOf(error: RequestError): number {
  if (error instanceof HubError) return STATUS_OF[error.code] ?? 500
  const { statusCode = 500 } = error
  return statusCode >= 400 ? statusCode : 500
}
