import type { FastifyInstance, FastifyRequest } from 'fastify'
import { networkOf } from '../access/network.js'
import type { Published } from '../channels.js'
import { HubError } from '../errors.js'
import { parseEvent } from '../event/parse.js'
import type { Publisher } from '../store/store.js'
import { authorize, logRefusal } from './authorize.js'
import type { ServerContext } from './context.js'
import { HttpError, refuseMethod, tooMany } from './errors.js'
import { CLOSE } from './head.js'
import { isHttp2Request } from './http2.js'
import type { HubRequest } from './hub-request.js'
import { methodsOfChannels } from './methods.js'

/** `POST /PATH`: publishes an event. */
export function publishRoute(app: FastifyInstance, context: ServerContext): void {
  // Whatever the Content-Type says, it is JSON: curl sends a form's, others send none. [ssehub]
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const refuse = (request: FastifyRequest) => refuseMethod(request, context.config)
  for (const url of ['/', '/stats', '/-/*']) app.post(url, { onRequest: refuse }, refuse)
  app.post<{ Body: Buffer | undefined }>('/*', {
    bodyLimit: context.config.server.maxEventBytes,
    onRequest: async (request) => {
      track(request, context)
      request.publisher = await admitPublish(request, context)
      asJson(request.raw)
    },
    onResponse: (request, _reply, done) => {
      context.publishes.end(request.raw)
      done()
    },
    handler: async (request) => {
      try {
        return await publish(request, request.publisher, request.body ?? '', context)
      } finally {
        context.publishes.end(request.raw)
      }
    },
  })
}

/**
 * Lets a publish in before its body is read.
 *
 * @returns who it is that publishes
 * @throws {HttpError} what keeps it out, as `authorize` does besides
 * @throws {HubError} `HUB_STOPPING`, `TOO_MANY_EVENTS`, and as `Channels.admit`
 */
export async function admitPublish(
  request: HubRequest,
  context: ServerContext,
): Promise<Publisher> {
  admit(request, context)
  const grants = await authorize(request, 'publish', request.target.channel, context)
  const publisher = publisherOf(request.address, grants?.holder)
  context.rates?.take(publisher)
  checkBody(request, context)
  return publisher
}

/**
 * Publishes what the body of a request says that was let in.
 *
 * @throws {HubError} `INVALID_EVENT`, and as `Channels.publish`
 */
export async function publish(
  { address, target: { channel } }: HubRequest,
  publisher: Publisher,
  body: Buffer | string,
  { channels, logger }: ServerContext,
): Promise<Published> {
  const published = await channels.publish(channel, parseEvent(body), undefined, publisher)
  logger.debug({ channel, address, id: published.id }, 'an event was published')
  return published
}

/** What its Content-Type says is of no interest; without one fastify wants a length, for a body. */
function asJson(raw: FastifyRequest['raw']): void {
  if (isHttp2Request(raw)) raw.headers['content-type'] = 'application/json'
  else delete raw.headers['content-type']
}

function publisherOf(address: string | undefined, holder: string | undefined): Publisher {
  return { network: address === undefined ? undefined : networkOf(address), holder }
}

/** Knows a publish as under way from now on; no hook tells of one that breaks off in its body. */
function track({ raw }: FastifyRequest, { publishes }: ServerContext): void {
  publishes.begin(raw)
  raw.once('close', () => {
    if (!raw.readableEnded) publishes.end(raw)
  })
}

/** Refuses who may not publish before a body is read. */
function admit(request: HubRequest, context: ServerContext): void {
  const { config, channels } = context
  const { channel } = request.target
  const limit = context.connections.turnAway(request.raw.socket)
  if (limit) throw tooMany('there is no room for more connections', limit)
  if (!config.server.enablePost) {
    throw new HttpError(405, 'publishing by POST is switched off (server.enablePost)', {
      Allow: methodsOfChannels(config),
    })
  }
  if (context.isStopping()) throw new HubError('HUB_STOPPING', 'the hub is stopping; try again')
  channels.admit(channel)
  checkAddress(request, context)
}

function checkBody({ raw }: HubRequest, { config }: ServerContext): void {
  const { 'content-length': length, 'content-encoding': encoding } = raw.headers
  // HTTP/2 says where a body ends without it.
  if (length === undefined && !isHttp2Request(raw)) {
    throw new HttpError(411, 'a publish needs a Content-Length', CLOSE)
  }
  const { maxEventBytes } = config.server
  if (Number(length) > maxEventBytes) {
    const message = `the event has ${length} bytes, more than ${maxEventBytes} (server.maxEventBytes)`
    throw new HttpError(413, message, CLOSE) // its body is not read
  }
  if (encoding && encoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, `Content-Encoding ${encoding} is not supported; send plain JSON`)
  }
}

/** Refuses what comes from an address that may not publish, or from none that can be told. */
function checkAddress(request: HubRequest, context: ServerContext): void {
  const { address, target } = request
  const { channel } = target
  if (address !== undefined && context.policies.for(channel).publishers.allows(address)) return
  const reason =
    address === undefined
      ? 'nobody may publish whose address cannot be told: X-Forwarded-For or Forwarded is unclear'
      : 'may not publish to this channel (restrictPublish)'
  const hasGone = request.raw.socket.remoteAddress === undefined // no proxy is to blame
  if (!hasGone) logRefusal(request, context, { action: 'publish', channel, reason })
  throw new HttpError(403, address === undefined ? reason : `${address} ${reason}`)
}
