import { createServer, type Server, type Socket } from 'node:net'
import { BACKLOG } from '../server/listening.js'

/** Where a worker takes its connections: at the hub's addresses, until it has enough. */
export class SharedListener {
  /** Given a connection that is not read from until it is resumed. */
  readonly #onConnection: (socket: Socket) => void
  readonly #onError: (error: Error) => void
  readonly #servers = new Set<Server>()

  /** @param onError told when it cannot listen */
  constructor(onConnection: (socket: Socket) => void, onError: (error: Error) => void) {
    this.#onConnection = onConnection
    this.#onError = onError
  }

  /** Whether it takes connections. */
  get isOpen(): boolean {
    return this.#servers.size > 0
  }

  /** Takes connections at one more address, given by its socket; resolves when it does. */
  open(socket: unknown): Promise<void> {
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true }
    const server = createServer(options, this.#onConnection)
    this.#servers.add(server)
    server.once('error', this.#onError)
    return new Promise((resolve) => {
      server.listen(socket, BACKLOG, () => {
        server.off('error', this.#onError).on('error', () => {}) // a connection could not be taken
        resolve()
      })
    })
  }

  /** Takes no more: those that wait are left to others. */
  close(): void {
    for (const server of this.#servers) server.close()
    this.#servers.clear()
  }
}
