import type { FastifyInstance } from 'fastify'
import type { Grants } from '../access/grants.js'
import type { Channel } from '../channel/channel.js'
import { codeOf } from '../errors.js'
import { encodeRetry, PREAMBLE } from '../event/encode.js'
import { authorize } from './authorize.js'
import type { ServerContext } from './context.js'
import { HttpError } from './errors.js'
import { countChannel } from './failures.js'
import { CLOSE } from './head.js'
import { isHttp2Request } from './http2.js'
import type { HubRequest } from './hub-request.js'
import { parseSubscription, type Subscription } from './subscription.js'
import { type OpenSink, takeWire, type Wire } from './wire.js'

/** Ms that one who is sent away has to take what it is told. */
const FAREWELL = 3000

/** `GET /PATH`: the stream of a channel. */
export function subscribeRoute(app: FastifyInstance, context: ServerContext): void {
  app.get('/*', async (request, reply) => {
    await subscribe(request, () => takeWire(reply, context), context)
    reply.hijack()
  })
}

/**
 * Opens the stream that a request asks for.
 *
 * @param take takes what the stream goes by out of the hands that have it
 * @throws what `authorize` and `Channels.admit` do; then nothing is taken
 */
export async function subscribe(
  request: HubRequest,
  take: () => Wire | Promise<Wire>,
  context: ServerContext,
): Promise<void> {
  const { channel: name, query } = request.target
  const { origin, 'last-event-id': lastEventId } = request.raw.headers
  const subscription = parseSubscription(query, headerText(lastEventId))
  const headers = context.policies.for(name).origins.headersFor(origin)
  context.channels.admit(name)
  const kept = context.connections.turnAway(request.raw.socket)
  const admission = kept ? undefined : await admitted(request, context)
  if (request.raw.socket.destroyed) return
  const wire = await take()
  const { stream } = wire
  const limit = kept ?? (await context.connections.enterClient(stream, request.address ?? ''))
  const { start } = subscription
  const lastId = start.from === 'id' ? start.id : undefined
  const found = limit || !admission ? undefined : await open(name, lastId, context)
  if (stream.destroyed || stream.closed) {
    stream.destroy()
    return
  }
  const sink = wire.open(headers)
  if (limit) sink.write(noRoom('connections', limit))
  if (found === 'full') sink.write(noRoom('channels', 'server.maxChannels'))
  if (!found || found === 'full' || context.isStopping()) sendAway(stream, sink, context)
  else follow(stream, sink, found, subscription, admission?.expiresAt)
}

/** Undefined while the keys of tokens are not there: whoever it is has to come back. */
async function admitted(
  request: HubRequest,
  context: ServerContext,
): Promise<Pick<Grants, 'expiresAt'> | undefined> {
  const { raw, target } = request
  // What follows on this connection is no request any more; that of HTTP/2 goes on.
  if (!isHttp2Request(raw)) context.taken.add(raw.socket)
  try {
    const grants = await authorize(request, 'subscribe', target.channel, context)
    return grants ?? { expiresAt: undefined }
  } catch (error) {
    if (codeOf(error) === 'KEYS_UNAVAILABLE') {
      logSentAway(error, target.channel, context)
      return undefined
    }
    context.taken.delete(raw.socket)
    throw isHttp2Request(raw) ? error : asLast(error)
  }
}

/** What has come behind it meanwhile was passed over: it has to be the last on its connection. */
function asLast(error: unknown): unknown {
  if (!(error instanceof HttpError)) return error
  const { statusCode, message, headers } = error
  return new HttpError(statusCode, message, { ...headers, ...CLOSE })
}

/** Undefined while the store fails; `full` if there is no room for another channel. */
async function open(
  name: string,
  lastId: string | undefined,
  context: ServerContext,
): Promise<Channel | 'full' | undefined> {
  try {
    return await context.channels.find(name, lastId)
  } catch (error) {
    if (codeOf(error) === 'TOO_MANY_CHANNELS') {
      countChannel(context)
      return 'full'
    }
    logSentAway(error, name, context)
    return undefined
  }
}

function logSentAway(error: unknown, channel: string, { burstLog }: ServerContext): void {
  const reason = codeOf(error) ?? 'it failed'
  burstLog.tell('error', 'a subscriber was sent away', { reason }, { err: error, channel })
}

/** No EventSource would come back from anything but a 200. */
function sendAway(stream: Wire['stream'], sink: OpenSink, { retry }: ServerContext): void {
  sink.end(encodeRetry(retry()))
  const timer = setTimeout(() => sink.destroy(), FAREWELL)
  stream.once('close', () => {
    clearTimeout(timer)
    sink.onClose()
  })
}

function noRoom(what: 'connections' | 'channels', setting: string): Buffer {
  return Buffer.from(`: there is no room for more ${what} (${setting})\n\n`)
}

/** The head and what there is of the past go out in one write. */
function follow(
  stream: Wire['stream'],
  sink: OpenSink,
  channel: Channel,
  { start, filter, preamble }: Subscription,
  expiresAt: number | undefined,
): void {
  if (preamble) sink.write(PREAMBLE)
  const subscriber = channel.subscribe(sink, start, filter, expiresAt)
  sink.begin()
  stream.on('error', () => {
    channel.counters.errors += 1
  })
  stream.on('close', () => {
    sink.onClose()
    channel.unsubscribe(subscriber)
  })
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
