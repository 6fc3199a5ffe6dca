import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { encodeAnswer } from './answer.js'
import type { ServerContext } from './context.js'
import { failureAnswer } from './failures.js'
import { CLOSE } from './head.js'
import { type HubRequest, plainHubRequest } from './hub-request.js'
import { endGently } from './linger.js'
import { type PlainRequest, parsePlainRequest } from './plain-request.js'
import { isPublish, PublisherConnection } from './publisher-connection.js'
import { subscribe } from './subscribe.js'
import { bareWire } from './wire.js'

/** Ms that a connection is given to send a request before HTTP has it, and times it. */
const PATIENCE = 1000

/**
 * Looks at what comes first on a connection. Where that is a plain request for a stream, or to
 * publish, it is answered past HTTP, which makes a parser and more for each connection and much for
 * each request: that costs several times what the stream or the event itself does. All else goes to
 * HTTP as it is.
 */
export class FrontDoor {
  readonly #server: Server
  readonly #context: ServerContext
  /** What the server does with a connection by itself. */
  readonly #toHttp: (socket: Socket) => void
  /** Connections that have sent nothing yet. */
  readonly #silent = new Set<Socket>()
  readonly #publishers = new Set<PublisherConnection>()

  constructor(server: Server, context: ServerContext) {
    this.#server = server
    this.#context = context
    const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
    this.#toHttp = (socket) => {
      for (const listener of own) listener.call(server, socket)
    }
    server.removeAllListeners('connection')
    server.on('connection', (socket) => this.#receive(socket))
  }

  /** Ends the connections that have sent nothing yet, and those that publish when they have done. */
  close(): void {
    for (const socket of this.#silent) socket.destroy()
    for (const publisher of this.#publishers) publisher.end()
  }

  #receive(socket: Socket): void {
    const done = (first?: Buffer): void => {
      this.#silent.delete(socket)
      socket
        .setTimeout(0)
        .off('timeout', done)
        .off('data', done)
        .off('end', done)
        .off('close', done)
      if (!socket.closed) this.#pass(socket, first)
    }
    this.#silent.add(socket)
    socket
      .setTimeout(PATIENCE)
      .on('timeout', done)
      .on('data', done)
      .on('end', done)
      .on('close', done)
    socket.on('error', ignore)
  }

  #pass(socket: Socket, first: Buffer | undefined): void {
    const { config, connections } = this.#context
    const request = first && parsePlainRequest(first, config.server.maxHeaderBytes)
    if (request?.method === 'GET') this.#subscribe(socket, request)
    else if (isPublish(request) && !connections.limitOf(socket)) this.#publish(socket, request)
    else this.#leave(socket, first)
  }

  #publish(socket: Socket, request: PlainRequest): void {
    const { keepAliveTimeout } = this.#server
    const forget = () => this.#publishers.delete(publisher)
    const publisher = new PublisherConnection(socket, keepAliveTimeout, this.#context, (bytes) => {
      forget()
      socket.off('close', forget)
      this.#leave(socket, bytes)
    })
    this.#publishers.add(publisher)
    socket.on('close', forget)
    publisher.answer(request)
  }

  /** Leaves a connection to HTTP, with what has come last. */
  #leave(socket: Socket, bytes: Buffer | undefined): void {
    socket.off('error', ignore)
    this.#toHttp(socket)
    if (bytes) socket.emit('data', bytes)
    if (socket.readableEnded) socket.emit('end')
  }

  /** Never rejects. */
  async #subscribe(socket: Socket, plain: PlainRequest): Promise<void> {
    let request: HubRequest | undefined
    const wire = bareWire(socket, this.#context)
    try {
      request = plainHubRequest(plain, socket, this.#context.trustedProxies)
      await subscribe(request, () => wire, this.#context)
    } catch (error) {
      const { headers, ...answer } = failureAnswer(error, request, this.#context)
      socket.write(encodeAnswer({ ...answer, headers: { ...headers, ...CLOSE } }))
      endGently(socket)
    }
  }
}

function ignore(): void {} // 'close' follows
