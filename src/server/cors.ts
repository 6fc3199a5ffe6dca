import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from './context.js'
import { isInspection, parseTarget } from './target.js'

/** What pages may send: what polyfills do, and what publishing takes. [ssehub] */
const ALLOWED_HEADERS =
  'Accept, Cache-Control, X-Requested-With, Last-Event-ID, Authorization, Content-Type'

/**
 * `OPTIONS /PATH`, for any channel: a reconnect with a long id is preflighted too. And CORS on
 * all that is answered for a channel, so that a page can read why it was refused.
 */
export function corsRoutes(app: FastifyInstance, context: ServerContext): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isInspection(request.raw.url ?? '/')) allow(request, reply, context)
  })
  app.options('/*', (_request, reply) =>
    reply
      .code(204)
      .headers({
        'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
        'Access-Control-Allow-Headers': ALLOWED_HEADERS,
        'Access-Control-Max-Age': '600',
      })
      .send(),
  )
}

function allow(request: FastifyRequest, reply: FastifyReply, { policies }: ServerContext): void {
  const { channel } = parseTarget(request.raw.url ?? '/')
  reply.headers(policies.for(channel).origins.headersFor(request.headers.origin))
}
