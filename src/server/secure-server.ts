import type { Server } from 'node:http'
import type { Credentials } from '../tls/credentials.js'
import { SecureServer } from '../tls/secure-server.js'
import type { ServerContext } from './context.js'
import { answerForeign } from './errors.js'
import { headTimeoutOf } from './head.js'

/** Ms in which a client has to be done with the handshake, if no limit says otherwise. */
const HANDSHAKE_TIMEOUT = 10_000

/** Ms that a session of HTTP/2 which is to end is given to say so. */
const GOODBYE = 5000

/** What talks TLS in front of the HTTP server, within the same limits. */
export function createSecureServer(
  http: Server,
  credentials: Credentials,
  { config, connections, counters }: ServerContext,
): SecureServer {
  const { maxHeaderBytes } = config.server
  const headTimeout = headTimeoutOf(config) || HANDSHAKE_TIMEOUT
  return new SecureServer(http, credentials, {
    maxHeaderBytes,
    handshakeTimeout: headTimeout,
    headTimeout,
    keepAliveTimeout: http.keepAliveTimeout,
    goodbye: GOODBYE,
    onConnection: (socket) => connections.take(socket),
    onSecure: (socket, secure) => connections.share(socket, secure),
    onForeign: (request, response) => answerForeign(request, response, config),
    onBroken: () => {
      counters.routerReadErrors += 1
    },
  })
}
