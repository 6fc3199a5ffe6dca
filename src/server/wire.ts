import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Sink } from '../channel/sink.js'
import { STREAM_OPEN } from '../event/encode.js'
import { takeConnection } from './connection.js'
import type { ServerContext } from './context.js'
import { isHttp2 } from './http2.js'
import { SocketSink } from './socket-sink.js'
import { StreamSink } from './stream-sink.js'

/** What a subscriber's stream goes by: a connection that has become it, or a stream of HTTP/2. */
export interface Wire {
  readonly stream: Socket | ServerHttp2Stream
  /** Answers, with these headers besides those of every stream. */
  open(headers: Readonly<Record<string, string>>): OpenSink
}

/** A sink whose stream begins with what is written first, or last, or when that is asked for. */
export interface OpenSink extends Sink {
  begin(): void
  /** To be called when its stream has closed. */
  onClose(): void
}

/** Takes the answer to a request out of the hands of HTTP. */
export async function takeWire(reply: FastifyReply, context: ServerContext): Promise<Wire> {
  reply.hijack()
  const { raw, request } = reply
  return isHttp2(raw)
    ? takeStream(raw, request.raw.socket, context)
    : await takeSocket(raw, context)
}

/** A connection that HTTP never had. */
export function bareWire(socket: Socket, context: ServerContext): Wire {
  return socketWire(tracked(socket, context), context)
}

/** The connection of a request, not HTTP any more, once the responses before it are written. */
async function takeSocket(response: ServerResponse, context: ServerContext): Promise<Wire> {
  context.taken.add(response.req.socket)
  const http = await socketOf(response)
  await nextTurn() // the parser may be in the middle of requests that were sent behind this one
  if (http.writableLength > 0) await new Promise((written) => http.write('', written))
  const socket = takeConnection(http)
  context.connections.carryOver(http, socket)
  return bareWire(socket, context)
}

function socketWire(socket: Socket, { pending }: ServerContext): Wire {
  return {
    stream: socket,
    open: (headers) => new SocketSink(socket, streamHead(headers), pending),
  }
}

function takeStream(
  { stream }: Http2ServerResponse,
  connection: Socket,
  context: ServerContext,
): Wire {
  stream.resume() // what the client may still send is passed over
  context.connections.share(connection, stream)
  return {
    stream: tracked(stream, context),
    open: (headers) => {
      stream.respond({ ...HEADERS, ...headers })
      return new StreamSink(stream, connection, STREAM_OPEN, context.pending)
    },
  }
}

/** No async function: its closures would hold all that one ever had in its hands. */
function tracked<S extends Wire['stream']>(stream: S, { streams }: ServerContext): S {
  if (!stream.destroyed) streams.begin(stream)
  stream.on('error', () => {}) // 'close' follows
  stream.on('close', () => streams.end(stream))
  return stream
}

/** The socket of a response, once the responses to earlier requests on it are done. */
async function socketOf(response: ServerResponse): Promise<Socket> {
  if (!response.socket) await once(response, 'socket')
  return response.socket as Socket
}

/** The stream ends when the connection does: so it has no length, and its bytes no frames. */
function streamHead(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(`${STREAM_HEAD}${headerLines(headers)}\r\n${STREAM_OPEN}`, 'latin1')
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache',
  'X-Accel-Buffering': 'no',
}

const STREAM_HEAD = `HTTP/1.1 200 OK\r\n${headerLines(HEADERS)}Connection: close\r\n`
