import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/config.js'
import { type Answer, encodeAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import { errorBody, type HttpError, methodRefused } from './errors.js'
import { CLOSE } from './head.js'
import { endGently } from './linger.js'
import { originForm } from './target.js'

/** The settings that say how long it may take. */
const TIMEOUTS = 'server.headersTimeout, server.requestTimeout'

/** What Node tells of what it cannot read. */
type ParseError = Error & {
  readonly code?: string
  /** What came last, and how far into that it went. */
  readonly rawPacket?: unknown
  readonly bytesParsed?: number
}

/** Longer words are no methods. */
const MAX_METHOD = 32
const WORD_END = /[\w!#$%&'*+.^`|~-]*$/
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]{1,32}) ([\x21-\x7e]+) HTTP\/1\.[01]\r\n/

/** A connection as Node's HTTP has it. */
type HttpSocket = Socket & {
  /** The answer that is under way. */
  readonly _httpMessage?: ServerResponse | null
}

/**
 * Counts what cannot be read as HTTP, and so never reaches a route, and answers it once all that
 * came before it is answered.
 */
export function answerBrokenRequest(
  error: ParseError,
  socket: Socket,
  { config, counters, taken }: Pick<ServerContext, 'config' | 'counters' | 'taken'>,
): void {
  // Node may still wait for the rest of a request whose connection has become a stream.
  if (taken.has(socket)) return
  taken.add(socket) // Node tells of all that still comes as broken, too
  const { code = '' } = error
  const refused = code === 'HPE_INVALID_METHOD' ? unknownMethod(error, config) : undefined
  if (refused) {
    answer(socket, refused.statusCode, refused.message, refused.headers)
  } else if (code === 'HPE_HEADER_OVERFLOW') {
    counters.oversizedRequests += 1
    counters.oversizedHeaders += 1
    answer(socket, 431, 'the head of the request is too large (server.maxHeaderBytes)')
  } else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    counters.invalidRequests += 1
    counters.timedOutRequests += 1
    answer(socket, 408, `the request took too long to arrive (${TIMEOUTS})`)
  } else if (code.startsWith('HPE_')) {
    counters.invalidRequests += 1
    answer(socket, 400, 'this is not an HTTP request')
  } else {
    counters.routerReadErrors += 1
    socket.destroy()
  }
}

/** Refuses a tunnel, once all that came before it is answered; Node would close in silence. */
export function refuseTunnel(
  socket: Socket,
  { taken, config }: Pick<ServerContext, 'config' | 'taken'>,
): void {
  if (taken.has(socket)) return
  taken.add(socket)
  socket.on('error', () => {}) // Node has let go of it; 'close' follows
  const { statusCode, message, headers } = methodRefused('CONNECT', '*', config)
  answer(socket, statusCode, message, headers)
}

/** What is said of a method that Node does not know; undefined where it is no request line. */
function unknownMethod(
  { rawPacket, bytesParsed = 0 }: ParseError,
  config: Config,
): HttpError | undefined {
  const text = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : ''
  const [begun = ''] = WORD_END.exec(text.slice(0, bytesParsed).slice(-MAX_METHOD)) ?? []
  const [, method, target = ''] = REQUEST_LINE.exec(text.slice(bytesParsed - begun.length)) ?? []
  return method === undefined ? undefined : methodRefused(method, originForm(target), config)
}

async function answer(
  socket: Socket,
  statusCode: number,
  message: string,
  more: Answer['headers'] = {},
): Promise<void> {
  socket.removeAllListeners('end') // Node would end it behind the answer that is under way
  await answered(socket)
  if (!socket.writable) return
  const headers = { ...more, ...CLOSE }
  socket.write(encodeAnswer({ statusCode, headers, body: errorBody(statusCode, message) }))
  endGently(socket)
}

/** Resolves when the requests that were read as a whole are answered, or the connection has gone. */
async function answered(socket: HttpSocket): Promise<void> {
  while (socket._httpMessage?.req.complete && !socket.destroyed) {
    await new Promise((resolve) => socket._httpMessage?.once('close', resolve))
  }
}
