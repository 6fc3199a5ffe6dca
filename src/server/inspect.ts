import type { FastifyInstance } from 'fastify'
import { unknownChannel } from '../channels.js'
import { HubError } from '../errors.js'
import { dumpHistory } from '../history-dump.js'
import type { ServerContext } from './context.js'
import { parseTarget } from './target.js'

const HISTORY = '/-/history'

/** What tells of the hub: `/` that it is up, `/stats` its figures, `/-/history/PATH` a history. */
export function inspectRoutes(app: FastifyInstance, context: ServerContext): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: (_request, reply) => reply.type('text/plain').send('OK\n'),
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/stats',
    handler: (_request, reply) => reply.header('Cache-Control', 'no-cache').send(context.stats()),
  })
  app.get(`${HISTORY}/*`, (request, reply) => {
    const { channel: name } = parseTarget((request.raw.url ?? '').slice(HISTORY.length))
    const channel = context.channels.get(name)
    if (!channel) throw unknownChannel()
    const { log } = channel
    return reply
      .header('Cache-Control', 'no-cache')
      .send(dumpHistory(name, log, log.history.after(0)))
  })
  app.get('/-/*', () => {
    throw new HubError('UNKNOWN_CHANNEL', 'there is nothing at this address')
  })
}
