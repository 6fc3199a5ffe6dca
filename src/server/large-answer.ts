import type { FastifyReply } from 'fastify'
import type { ServerContext } from './context.js'
import { isHttp2 } from './http2.js'

/**
 * Holds a client that has asked for much to what readers of streams are held to: until it has taken
 * it, that counts for `maxPendingBytes`, and it may not stall for long.
 */
export function sendMuch(
  reply: FastifyReply,
  body: object,
  { pending, config }: Pick<ServerContext, 'pending' | 'config'>,
): FastifyReply {
  const { raw, request } = reply
  const bytes = Buffer.from(JSON.stringify(body))
  const cut = () => {
    if (isHttp2(raw)) raw.stream.destroy()
    else raw.destroy()
  }
  const pender = { copied: () => 0, cut }
  const hasGone = isHttp2(raw) ? raw.stream.destroyed : request.raw.destroyed
  if (!hasGone) {
    // An answer that waits for the one before it is not told that its connection has closed.
    for (const side of [raw, request.raw]) side.on('close', () => pending.remove(pender))
    raw.setTimeout(config.server.stallTimeout * 1000, cut)
    pending.addSoon(pender, bytes)
  }
  return reply.type('application/json; charset=utf-8').send(bytes)
}
