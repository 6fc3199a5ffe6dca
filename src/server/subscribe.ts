import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Grants } from '../access/grants.js'
import type { Channel } from '../channel/channel.js'
import { HubError } from '../errors.js'
import { encodeRetry, PREAMBLE, STREAM_OPEN } from '../event/encode.js'
import { authorize } from './authorize.js'
import { isBare, takeConnection } from './connection.js'
import type { ServerContext } from './context.js'
import { SocketSink } from './socket-sink.js'
import { parseSubscription, type Subscription } from './subscription.js'

/** Ms that one who is sent away has to take what it is told. */
const FAREWELL = 3000

/** `GET /PATH`: the stream of a channel. */
export function subscribeRoute(app: FastifyInstance, context: ServerContext): void {
  app.get('/*', async (request, reply) => {
    const { channel: name, query } = request.target
    const { origin, 'last-event-id': lastEventId } = request.headers
    const subscription = parseSubscription(query, headerText(lastEventId))
    const head = streamHead(context.policies.for(name).origins.headersFor(origin))
    context.channels.admit(name)
    const kept = context.connections.limitOf(request.raw.socket)
    const admission = kept ? undefined : await admitted(request, context)
    if (request.raw.socket.destroyed) return reply.hijack()
    const socket = await takeSocket(reply, context)
    const { address = '' } = request
    const limit = kept ?? (await context.connections.enterClient(socket, address))
    const { start } = subscription
    const lastId = start.from === 'id' ? start.id : undefined
    const channel = limit ? undefined : admission && (await open(name, lastId, context, request))
    if (socket.destroyed) return
    if (channel && !context.isStopping()) {
      follow(socket, head, channel, subscription, admission?.expiresAt, context)
      return
    }
    socket.write(head)
    if (limit) socket.write(`: there is no room for more connections (${limit})\n\n`)
    sendAway(socket, context)
  })
}

/** Undefined while the keys of tokens are not there: whoever it is has to come back. */
async function admitted(
  request: FastifyRequest,
  context: ServerContext,
): Promise<Pick<Grants, 'expiresAt'> | undefined> {
  const { raw, log, target } = request
  context.taken.add(raw.socket) // what follows on this connection is no request any more
  try {
    const grants = await authorize(request, 'subscribe', target.channel, context)
    return grants ?? { expiresAt: undefined }
  } catch (error) {
    if (error instanceof HubError && error.code === 'KEYS_UNAVAILABLE') {
      log.error({ err: error, channel: target.channel }, 'a subscriber was sent away')
      return undefined
    }
    context.taken.delete(raw.socket)
    throw error
  }
}

/** Undefined while the store fails. */
async function open(
  name: string,
  lastId: string | undefined,
  { channels }: ServerContext,
  { log }: FastifyRequest,
): Promise<Channel | undefined> {
  try {
    return await channels.find(name, lastId)
  } catch (error) {
    log.error({ err: error, channel: name }, 'a subscriber was sent away')
    return undefined
  }
}

/** No EventSource would come back from anything but a 200. */
function sendAway(socket: Socket, { retry }: ServerContext): void {
  socket.end(encodeRetry(retry()))
  const timer = setTimeout(() => socket.destroy(), FAREWELL)
  socket.once('close', () => clearTimeout(timer))
}

/** The head and what there is of the past go out in one write. */
function follow(
  socket: Socket,
  head: Buffer,
  channel: Channel,
  { start, filter, preamble }: Subscription,
  expiresAt: number | undefined,
  { pending }: ServerContext,
): void {
  const sink = new SocketSink(socket, preamble ? Buffer.concat([head, PREAMBLE]) : head, pending)
  const subscriber = channel.subscribe(sink, start, filter, expiresAt)
  sink.begin()
  socket.on('error', () => {
    channel.counters.errors += 1
  })
  socket.on('close', () => {
    sink.onClose()
    channel.unsubscribe(subscriber)
  })
}

/** The connection of a request, not HTTP any more, once the responses before it are written. */
async function takeSocket(reply: FastifyReply, context: ServerContext): Promise<Socket> {
  reply.hijack()
  context.taken.add(reply.request.raw.socket)
  const http = await socketOf(reply.raw)
  if (isBare(http)) {
    reply.raw.detachSocket(http)
    return tracked(http, context)
  }
  await nextTurn() // the parser may be in the middle of requests that were sent behind this one
  if (http.writableLength > 0) await new Promise((written) => http.write('', written))
  const socket = takeConnection(http)
  context.connections.carryOver(http, socket)
  return tracked(socket, context)
}

/** No async function: its closures would hold all that one ever had in its hands. */
function tracked(socket: Socket, { streams }: ServerContext): Socket {
  if (!socket.closed) streams.begin(socket)
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => streams.end(socket))
  return socket
}

/** The socket of a response, once the responses to earlier requests on it are done. */
async function socketOf(response: ServerResponse): Promise<Socket> {
  if (!response.socket) await once(response, 'socket')
  return response.socket as Socket
}

/** The stream ends when the connection does: so it has no length, and its bytes no frames. */
function streamHead(headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${STREAM_HEAD}${lines.join('')}\r\n${STREAM_OPEN}`, 'latin1')
}

const STREAM_HEAD = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Cache-Control: no-cache',
  'X-Accel-Buffering: no',
  'Connection: close',
  '',
].join('\r\n')

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
