import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from './context.js'
import type { HubRequest } from './hub-request.js'
import { methodsOfChannels } from './methods.js'
import { historyTarget } from './target.js'

/** What pages may send: what polyfills do, and what publishing takes. [ssehub] */
const ALLOWED_HEADERS =
  'Accept, Cache-Control, X-Requested-With, Last-Event-ID, Authorization, Content-Type'

/** `OPTIONS /PATH`, for any channel: a reconnect with a long id is preflighted too. */
export function preflightRoute(app: FastifyInstance, { config }: ServerContext): void {
  app.options('/*', (_request, reply) =>
    reply
      .code(204)
      .headers({
        'Access-Control-Allow-Methods': methodsOfChannels(config),
        'Access-Control-Allow-Headers': ALLOWED_HEADERS,
        'Access-Control-Max-Age': '600',
      })
      .send(),
  )
}

/** CORS on all that is answered for a channel, so that a page can read why it was refused. */
export function corsHeaders(
  { target, raw }: Pick<HubRequest, 'target' | 'raw'>,
  { policies }: ServerContext,
): Record<string, string> {
  return {
    ...policies.for(target.channel).origins.headersFor(raw.headers.origin),
    'Access-Control-Expose-Headers': 'WWW-Authenticate',
  }
}

/**
 * The same on what tells of the hub: a history is for the pages that may read its channel, the
 * figures, which name channels, for those of origins that the default names; `*` names none.
 */
export function allowInspection(
  { headers, raw: { url = '/' } }: FastifyRequest,
  reply: FastifyReply,
  { policies }: ServerContext,
): void {
  const history = historyTarget(url)
  const { origins } = history ? policies.for(history.channel) : policies.default
  const isFor = history !== undefined || (headers.origin && origins.names(headers.origin))
  if (isFor) reply.headers(origins.headersFor(headers.origin))
  reply.header('Vary', 'Origin').header('Access-Control-Expose-Headers', 'WWW-Authenticate')
}
