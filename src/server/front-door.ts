import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type PlainGet, parsePlainGet } from './plain-get.js'
import { isInspection } from './target.js'

/** Ms that a connection is given to send a request before HTTP has it, and times it. */
const PATIENCE = 1000

/**
 * Looks at what comes first on a connection. Where that is a plain request for a stream, it goes
 * to the server's routes at once: HTTP makes a parser and more for each connection, and to make
 * and unmake that costs several times what the stream itself does. All else goes to HTTP as it is.
 */
export class FrontDoor {
  readonly #server: Server
  readonly #maxHeadBytes: number
  /** What the server does with a connection by itself. */
  readonly #toHttp: (socket: Socket) => void
  /** Connections that have sent nothing yet. */
  readonly #silent = new Set<Socket>()

  /** @param maxHeadBytes what is longer HTTP is to refuse */
  constructor(server: Server, maxHeadBytes: number) {
    this.#server = server
    this.#maxHeadBytes = maxHeadBytes
    const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
    this.#toHttp = (socket) => {
      for (const listener of own) listener.call(server, socket)
    }
    server.removeAllListeners('connection')
    server.on('connection', (socket) => this.#receive(socket))
  }

  /** Ends the connections that have sent nothing yet. */
  close(): void {
    for (const socket of this.#silent) socket.destroy()
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
    const isShort = first !== undefined && first.length <= this.#maxHeadBytes
    const request = isShort ? parsePlainGet(first) : undefined
    if (request && !isInspection(request.url)) {
      this.#answer(socket, request)
      return
    }
    socket.off('error', ignore)
    this.#toHttp(socket)
    if (first) socket.emit('data', first)
    else if (socket.readableEnded) socket.emit('end')
  }

  #answer(socket: Socket, { url, headers }: PlainGet): void {
    const request = new IncomingMessage(socket)
    Object.assign(request, { method: 'GET', url, headers, complete: true, ...VERSION })
    request.rawHeaders = Object.entries(headers).flat()
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => {
      response.detachSocket(socket)
      socket.end()
    })
    this.#server.emit('request', request, response)
  }
}

const VERSION = { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 }

function ignore(): void {} // 'close' follows
