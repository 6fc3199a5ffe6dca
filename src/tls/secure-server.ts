import { type Server as HttpServer, METHODS } from 'node:http'
import {
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { Activity } from '../activity.js'
import type { Credentials } from './credentials.js'
import { http2Options, Session, type SessionLimits } from './session.js'

export interface SecureServerOptions extends SessionLimits {
  /** Ms in which a client has to be done with the handshake. */
  readonly handshakeTimeout: number
  /** What the head of a request may have in bytes. */
  readonly maxHeaderBytes: number
  /** Told of each connection, before any handshake. */
  readonly onConnection: (socket: Socket) => void
  /** Told of what a connection has become. */
  readonly onSecure: (socket: Socket, secure: TLSSocket) => void
  /** Answers requests of HTTP/2 whose method no server of HTTP/1.1 passes on. */
  readonly onForeign: (request: Http2ServerRequest, response: Http2ServerResponse) => void
  /** Told of connections that broke, or were broken off, outside of any request. */
  readonly onBroken: (error: Error) => void
}

const TLS_OPTIONS = {
  minVersion: 'TLSv1.2',
  ALPNProtocols: ['h2', 'http/1.1'],
} as const

/**
 * Talks TLS on connections, and hands them on by the protocol that they agree on: HTTP/1.1 to the
 * HTTP server as if it had taken them itself; requests of HTTP/2 to the same.
 */
export class SecureServer {
  /** Talks TLS on the connections that it is handed by `emit('connection', socket)`. */
  readonly server: TlsServer
  readonly #connections = new Activity<Socket>()
  readonly #sessions = new Set<Session>()
  readonly #known = new WeakMap<Http2Session, Session>()
  #isClosing = false

  constructor(http: HttpServer, credentials: Credentials, options: SecureServerOptions) {
    const serve = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
      const { session: http2 } = request.stream
      const session = http2 && this.#known.get(http2)
      if (session?.isMisused) return
      const socket = session?.socket
      // The one that Node has there is made anew for each request.
      if (socket) Object.defineProperty(request, 'socket', { value: socket })
      if (METHODS.includes(request.method)) http.emit('request', request, response)
      else options.onForeign(request, response)
    }
    const http2 = createHttp2(http2Options(options.maxHeaderBytes), serve)
    http2.on('checkExpectation', serve)
    http2.on('connect', options.onForeign)
    http2.on('sessionError', options.onBroken)
    const { handshakeTimeout } = options
    this.server = createServer({
      ...TLS_OPTIONS,
      ...credentials,
      handshakeTimeout,
      noDelay: true,
    })
    // Who ends in the middle of the handshake would be waited for; it is before Node's own listener.
    this.server.prependListener('connection', (socket: Socket) => {
      socket.allowHalfOpen = false
    })
    this.server.on('connection', (socket: Socket) => {
      this.#track(socket)
      options.onConnection(socket)
    })
    this.server.on('secureConnection', (socket) => {
      const { _parent: connection } = socket as TLSSocket & { _parent?: Socket }
      if (connection) options.onSecure(connection, socket)
      if (socket.alpnProtocol !== 'h2') {
        socket.allowHalfOpen = true // as a plain HTTP server has it
        http.emit('connection', socket)
        return
      }
      http2.once('session', (session) => this.#add(session, new Session(session, socket, options)))
      http2.emit('connection', socket)
    })
    this.server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      options.onBroken(error)
      socket.destroy()
    })
    // The HTTP server watches its connections' timeouts from then on.
    this.server.on('listening', () => http.emit('listening'))
  }

  /** Handshakes from now on show this certificate; connections that are open go on. */
  renew(credentials: Credentials): void {
    this.server.setSecureContext({ minVersion: TLS_OPTIONS.minVersion, ...credentials })
  }

  /**
   * Takes no more connections and no more requests of HTTP/2; resolves when all connections have
   * closed, at the latest after `timeout` ms.
   */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true
    for (const session of this.#sessions) session.close()
    await this.#connections.settle(timeout)
  }

  closeAllConnections(): void {
    for (const socket of this.#connections) socket.destroy()
  }

  #track(socket: Socket): void {
    this.#connections.begin(socket)
    socket.on('close', () => this.#connections.end(socket))
  }

  #add(http2: Http2Session, session: Session): void {
    this.#known.set(http2, session)
    this.#sessions.add(session)
    session.socket.on('close', () => this.#sessions.delete(session))
    if (this.#isClosing) session.close()
  }
}
