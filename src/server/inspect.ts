import type { FastifyInstance } from 'fastify'
import { HubError } from '../errors.js'
import { dumpHistory } from '../history-dump.js'
import type { Stats } from '../stats.js'
import { authorize, authorizeStats } from './authorize.js'
import type { ServerContext } from './context.js'
import { HttpError } from './errors.js'
import { sendMuch } from './large-answer.js'
import { historyTarget } from './target.js'

/** What tells of the hub: `/` that it is up, `/stats` its figures, `/-/history/PATH` a history. */
export function inspectRoutes(app: FastifyInstance, context: ServerContext): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: (_request, reply) => reply.type('text/plain').send('OK\n'),
  })
  app.route<{ Querystring: { scope?: string | string[] } }>({
    method: ['GET', 'HEAD'],
    url: '/stats',
    handler: async (request, reply) => {
      reply.header('Cache-Control', 'no-cache')
      await authorizeStats(request, context)
      return reply.send(await statsOfScope(request.query.scope, context))
    },
  })
  app.get('/-/history/*', async (request, reply) => {
    const { channel: name } = historyTarget(request.raw.url ?? '') ?? unknownAddress()
    const grants = await authorize(request, 'subscribe', name, context)
    const { log } = await context.channels.look(name)
    reply.header('Cache-Control', grants ? 'private, no-cache' : 'no-cache')
    return sendMuch(reply, dumpHistory(name, log, log.history.after(0)), context)
  })
  app.get('/-/*', unknownAddress)
}

function unknownAddress(): never {
  throw new HubError('UNKNOWN_CHANNEL', 'there is nothing at this address')
}

/** `scope=cluster` asks for the figures of all hubs that share a Redis. */
async function statsOfScope(
  scope: string | string[] | undefined,
  context: ServerContext,
): Promise<Stats> {
  if (scope === undefined || scope === 'hub') return context.stats()
  if (scope === 'cluster') return context.groupStats()
  throw new HttpError(400, `scope must be "hub" or "cluster"; found ${JSON.stringify(scope)}`)
}
