import type { AddressInfo, Socket } from 'node:net'
import type { AccessList } from '../access/access-list.js'
import { connectionNetwork } from '../access/network.js'
import type { ConnectionLimits } from '../limits/connection-limits.js'
import type { Ticket } from '../server/connections.js'
import { Listener } from '../server/listener.js'
import type { WorkerProcess } from './worker-process.js'

/** How many connections are held while all workers are away. */
const MAX_WAITING = 1024

interface Waiting {
  readonly socket: Socket
  readonly ticket: Ticket
}

/** Takes connections, and gives each to the worker that has the fewest. */
export class Acceptor {
  readonly #workers: Iterable<WorkerProcess>
  readonly #listener = new Listener({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  readonly #waiting: Waiting[] = []
  readonly #limits: ConnectionLimits
  readonly #trustedProxies: AccessList

  constructor(
    workers: Iterable<WorkerProcess>,
    limits: ConnectionLimits,
    trustedProxies: AccessList,
  ) {
    this.#workers = workers
    this.#limits = limits
    this.#trustedProxies = trustedProxies
  }

  /**
   * @returns where it takes connections
   * @throws {HubError} `ADDRESS_UNAVAILABLE`
   */
  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#listener.listen(port, host)
  }

  /** Gives connections that wait to workers that can take one. */
  dispatch(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#choose()
      if (!worker) return
      const { socket, ticket } = this.#waiting.shift() as Waiting
      worker.take(socket, ticket)
    }
  }

  close(): void {
    this.#listener.close()
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {}) // its worker sees what it has come to
    // Else both processes keep book of what the other has, a listener for every connection.
    Object.assign(socket, { server: undefined })
    if (this.#waiting.length >= MAX_WAITING) socket.destroy()
    else this.#waiting.push({ socket, ticket: this.#admit(socket) })
    this.dispatch()
  }

  #admit({ remoteAddress }: Socket): Ticket {
    const network = connectionNetwork(remoteAddress, this.#trustedProxies)
    return { network, limit: this.#limits.enter(network) }
  }

  #choose(): WorkerProcess | undefined {
    let chosen: WorkerProcess | undefined
    for (const worker of this.#workers) {
      if (worker.isFree && worker.connections < (chosen?.connections ?? Number.POSITIVE_INFINITY)) {
        chosen = worker
      }
    }
    return chosen
  }
}
